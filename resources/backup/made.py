"""What making a backup hands back."""

from __future__ import annotations

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from resources.backup.manifest import Manifest, StoredFile
from resources.backup.proof import Contents
from resources.mysql.server import PrivateServer


@dataclass
class MadeBackup:
    """A stored backup; `server` is the running copy where it was to be kept."""

    manifest: Manifest
    server: PrivateServer | None = None
    work: Path | None = field(default=None, repr=False)

    def close(self) -> None:
        """End the copy and remove its folder. May be called twice."""
        if self.server is not None:
            self.server.kill()
            self.server = None
        if self.work is not None:
            shutil.rmtree(self.work, ignore_errors=True)
            self.work = None


@dataclass
class Made:
    """What an engine made: files stored but not yet listed, and the running copy where there is one."""

    server: PrivateServer | None
    """None where nothing was restored: BACKUP_PROOF=none, by a logical engine."""
    files: list[StoredFile]
    folders: list[str]
    contents: Contents
    how: str
    """How it was proven, in words."""
    binlog_file: str = ""
    binlog_position: int = 0
    gtid_executed: str = ""
    notes: list[str] = field(default_factory=list)
