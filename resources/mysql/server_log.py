"""What a private server's error log says about a failed start."""

from __future__ import annotations

from pathlib import Path

from resources.errors import DbsyncError, DiskFullError, EnvironmentCheckError
from resources.redact import redact

_TAIL_BYTES = 64 * 1024


def port_is_taken(log: Path) -> bool:
    return "Address already in use" in _tail(log)


def start_error(version: str, folder: Path, log: Path, return_code: int | None) -> DbsyncError:
    """The error for a server that ended (`return_code`) or stayed silent (None) instead of answering."""
    text = _tail(log)
    lines = [line for line in text.splitlines() if line.strip()]
    errors = [line for line in lines if "[ERROR]" in line] or lines
    why = redact("\n".join(errors[-8:]))
    if "No space left on device" in text or "OS errno 28" in text or "errno: 28 " in text:
        return DiskFullError(
            f"disk full: {folder}", where=str(log), why=why, hint="free space there and try again"
        )
    what = (
        f"a private MySQL {version} did not answer in time"
        if return_code is None
        else f"a private MySQL {version} ended while starting (exit code {return_code})"
    )
    return EnvironmentCheckError(
        what, where=str(log), why=why, hint="read the error log; then: dbsync doctor"
    )


def _tail(log: Path) -> str:
    if not log.exists():
        return ""
    with log.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(0, size - _TAIL_BYTES))
        return file.read().decode(errors="replace")
