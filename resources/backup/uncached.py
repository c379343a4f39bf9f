"""Read a large file past the page cache, where the file system lets one."""

from __future__ import annotations

import errno
import io
import mmap
import os
from collections.abc import Iterator
from pathlib import Path


def uncached_blocks(path: Path, size: int) -> Iterator[memoryview]:
    """The file in blocks of `size` bytes, a multiple of 4096; each is valid until the next one.

    Buffered on a system without O_DIRECT or a file system that refuses it. Raises OSError.
    """
    with _open(path) as stream, mmap.mmap(-1, size) as buffer:  # O_DIRECT wants memory at page borders
        with memoryview(buffer) as view:
            while length := stream.readinto(buffer):
                with view[:length] as block:
                    yield block


def _open(path: Path) -> io.FileIO:
    def direct(name: str, flags: int) -> int:
        return os.open(name, flags | getattr(os, "O_DIRECT", 0) | os.O_CLOEXEC, 0)

    try:
        return io.FileIO(path, opener=direct)
    except OSError as error:
        if error.errno != errno.EINVAL:
            raise
        return io.FileIO(path)
