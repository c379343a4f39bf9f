"""How stored bytes get to the disk: for whom, and by which system calls (so that a test can fail each)."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from io import RawIOBase
from pathlib import Path

from resources.uncached import UncachedFile


def _write(stream: RawIOBase, data: bytes | memoryview) -> None:
    view = memoryview(data)
    while view:
        view = view[stream.write(view) :]


def _fsync(path: Path) -> None:
    # Through a second descriptor: fsync is about the file, whoever wrote it.
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


@dataclass(frozen=True)
class StorageIo:
    create: Callable[[Path], RawIOBase] = UncachedFile
    """For this user only; raises FileExistsError. What is written may come to the disk when it is closed."""
    write: Callable[[RawIOBase, bytes | memoryview], None] = _write
    fsync: Callable[[Path], None] = _fsync
    rename: Callable[[Path, Path], object] = os.rename
    recipients: tuple[str, ...] = ()
    """age recipients that stored files are encrypted for; none: they are not."""


REAL = StorageIo()
