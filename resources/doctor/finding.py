"""What one check says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

from resources.errors import DbsyncError
from resources.redact import redact

Status = Literal["ok", "warn", "fail", "skip"]


@dataclass(frozen=True)
class Finding:
    """`warn`: a deployment works, but something of it will be missing; the detail says what.

    `skip`: could not be looked at. `fix` is what to type, one command a line.
    """

    name: str
    status: Status
    detail: str
    fix: str | None = None

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def failed(name: str, error: DbsyncError) -> Finding:
    """What was raised, as a failure of the check `name`."""
    what = f"{error.what} ({error.where})" if error.where else error.what
    detail = ": ".join(filter(None, (what, redact(error.why))))
    return Finding(name, "fail", detail, error.hint or None)
