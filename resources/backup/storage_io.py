"""How stored bytes get to the disk: for whom, and by which system calls (so that a test can fail each)."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO


def _create(path: Path) -> BinaryIO:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    return os.fdopen(fd, "wb", buffering=0)


def _write(stream: BinaryIO, data: bytes) -> None:
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
    create: Callable[[Path], BinaryIO] = _create
    write: Callable[[BinaryIO, bytes], None] = _write
    fsync: Callable[[Path], None] = _fsync
    rename: Callable[[Path, Path], object] = os.rename
    recipients: tuple[str, ...] = ()
    """age recipients that stored files are encrypted for; none: they are not."""


REAL = StorageIo()
