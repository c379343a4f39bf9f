"""One file to be written or added to: what it would become, as a diff, before anything is touched."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path

from resources.durable_file import disk_full, write_durably
from resources.errors import SettingsError
from resources.redact import inert


@dataclass(frozen=True)
class Proposal:
    path: Path
    before: str | None
    """None where there is no such file."""
    after: str
    why: str
    mode: int = 0o644
    """Of a new file; one that is there keeps its own."""

    @property
    def changes(self) -> bool:
        return self.before != self.after

    def diff(self, project: Path) -> str:
        name = inert(str(self.path.relative_to(project)))
        lines = difflib.unified_diff(
            (self.before or "").splitlines(),
            self.after.splitlines(),
            name if self.before is not None else "nothing",
            name,
            lineterm="",
            n=1,
        )
        return "\n".join(lines)

    def write(self) -> None:
        """Raises SettingsError where the file changed since it was read, DiskFullError."""
        if read(self.path) != self.before:
            raise SettingsError(
                "the file changed while it was looked at; it was left alone",
                where=str(self.path),
                hint="dbsync init",
            )
        try:
            mode = self.path.stat().st_mode & 0o777 if self.before is not None else self.mode
            self.path.parent.mkdir(parents=True, exist_ok=True)
            write_durably(self.path, self.after.encode())
            self.path.chmod(mode)
        except OSError as error:
            raise disk_full(error, self.path, len(self.after)) from error


def read(path: Path) -> str | None:
    """The text of a file that may be missing, line ends untouched. Raises SettingsError for no text."""
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return stream.read()
    except FileNotFoundError:
        return None
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            "a file of the application cannot be read as text", where=inert(str(path)), why=str(error)
        ) from error
