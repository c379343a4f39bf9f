"""What one check says."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Literal

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
