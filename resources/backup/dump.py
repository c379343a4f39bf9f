"""What every logical engine hands over, and how the words of its tools are read."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import IO

from resources.backup.manifest import StoredFile
from resources.errors import BackupFailedError
from resources.mysql.endpoint import Endpoint
from resources.redact import inert, redact

_STDERR_BYTES = 4096


# 1412; a column that came or went between the two readings of its definition; dropped or renamed.
_CHANGED = ("1412", "Table definition has changed", "Error in field count for table", "(1146)")


class TableChangedError(BackupFailedError):
    """A table was altered (error 1412 and its kin) while it was being dumped."""


@dataclass(frozen=True)
class Dump:
    """A stored dump. The position is empty where it could not be had."""

    files: tuple[StoredFile, ...]
    binlog_file: str = ""
    binlog_position: int = 0
    gtid_executed: str = ""


def refuse_changed_table(errors: str, endpoint: Endpoint) -> None:
    """Raises TableChangedError where that is what the tool complains of."""
    if any(words in errors for words in _CHANGED):
        raise TableChangedError(
            "a table was altered while it was being dumped",
            where=str(endpoint),
            why=errors,
            hint="run the backup while no migration runs: dbsync backup",
        )


def end_of(errors: IO[bytes]) -> str:
    """The last lines of a tool's standard error, fit to be shown."""
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - _STDERR_BYTES))
    lines = errors.read().decode(errors="replace").splitlines()
    return inert(redact("; ".join(line.strip() for line in lines if not _is_noise(line))))


def _is_noise(line: str) -> bool:
    return not line.strip() or "[Warning]" in line or "** Message:" in line
