"""One backup under way: what it works on, where, and how long each phase took."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from resources.backup.source import Source
from resources.backup.storage_io import StorageIo
from resources.mysql.installation import MysqlInstallation
from resources.target import Target


@dataclass
class Job:
    target: Target
    source: Source
    installation: MysqlInstallation
    backup: Path
    """`<storage>/<id>.partial`."""
    work: Path
    """Scratch of private servers; what must survive a kept server is its `copy` folder."""
    io: StorageIo
    proof: str = "clone"
    """clone, archive or none."""
    timings: dict[str, float] = field(default_factory=dict)
    """Seconds: of each phase, and from the beginning up to each `reached` point."""
    begun: float = field(default_factory=time.monotonic)

    @property
    def copy(self) -> Path:
        """Folder of the private server that proves the backup."""
        return self.work / "copy"

    @property
    def proves(self) -> bool:
        """Whether rows are read, which both proofs and every later comparison need."""
        return self.proof != "none"

    def reached(self, point: str) -> None:
        self.timings[point] = round(time.monotonic() - self.begun, 3)

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        begun = time.monotonic()
        try:
            yield
        finally:
            self.timings[phase] = round(self.timings.get(phase, 0.0) + time.monotonic() - begun, 3)
