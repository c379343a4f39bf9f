"""What the command came to, kept for whoever tells of it when it has ended."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dbsync_assets.cli.output import emit_json
from resources.errors import DbsyncError
from resources.redact import redact_value


@dataclass
class Outcome:
    result: Any = None
    """What `--json` prints, whether or not it was asked for."""
    error: dict[str, Any] | None = None
    project: Path | None = None
    migrations: Path | None = None
    target: str = ""
    work: str = ""
    """The id by which the process that did it is joined."""

    def fail(self, error: DbsyncError) -> None:
        told = redact_value(error.as_dict())
        assert isinstance(told, dict)
        self.error = told


outcome = Outcome()


def report(value: Any, as_json: bool) -> None:
    """The command's one result: kept, and printed where JSON was asked for."""
    outcome.result = redact_value(value)
    if as_json:
        emit_json(value)
