"""What making a backup hands back."""

from __future__ import annotations

import shutil
import threading
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
    _removal: threading.Thread | None = field(default=None, init=False, repr=False)

    def let_go(self) -> None:
        """End the copy, and begin to remove its folder: a file system takes its time over gigabytes
        (0.4 s for 1.5 GB, measured), and what is left to do needs neither. Whoever calls this calls `close`.
        """
        if self.server is not None:
            self.server.kill()
            self.server = None
        if self.work is not None:
            self._removal = threading.Thread(
                target=shutil.rmtree, args=(self.work,), kwargs={"ignore_errors": True}, name="remove copy"
            )
            self._removal.start()
            self.work = None

    def close(self) -> None:
        """End the copy; its folder is gone when this returns. May be called twice."""
        self.let_go()
        if self._removal is not None:
            self._removal.join()


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
