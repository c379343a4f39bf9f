"""One process at a time, by a lock file. The kernel frees it of a process that is killed."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_PAUSE = 0.02


@contextmanager
def locked_file(
    path: Path, *, seconds: float | None = None, waiting: Callable[[], object] | None = None
) -> Iterator[bool]:
    """Hold `path`, which is made where it is missing; its folder must exist. Raises OSError.

    `seconds`: False where it did not become free in that time; None waits as long as it takes,
    after calling `waiting` once where somebody else has it.
    """
    fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        yield _acquired(fd, seconds, waiting)
    finally:
        os.close(fd)


def _acquired(fd: int, seconds: float | None, waiting: Callable[[], object] | None) -> bool:
    end = None if seconds is None else time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
        except BlockingIOError:
            if end is None:
                if waiting is not None:
                    waiting()
                fcntl.flock(fd, fcntl.LOCK_EX)
                return True
            if time.monotonic() >= end:
                return False
            time.sleep(_PAUSE)
