"""Work on many files, several at a time, behind the servers of this machine."""

from __future__ import annotations

import contextvars
import os
import sys
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

LANES = 2
_NICENESS = 10

T = TypeVar("T")


class StoppedError(Exception):
    """Another lane failed; this one ends without a result."""


def in_lanes(
    work: Iterable[T],
    one: Callable[[T, Callable[[], bool]], object],
    lanes: int = LANES,
    stop: threading.Event | None = None,
) -> list:
    """`one(item, stopped)` for each item, `lanes` at a time; the first error, or `stop`, stops the others.

    `one` raises StoppedError once `stopped()` is true. zstd, SHA-256, files and sockets all
    release the interpreter lock, so threads do.
    """
    queue, lock, failed = iter(work), threading.Lock(), stop or threading.Event()
    found: list = []

    def lane() -> None:
        _yield_to_servers()
        try:
            while not failed.is_set():
                with lock:
                    item = next(queue, None)
                if item is None:
                    return
                found.append(one(item, failed.is_set))
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(lanes, thread_name_prefix="archive") as pool:
        futures = [pool.submit(contextvars.copy_context().run, lane) for _ in range(lanes)]
        try:
            errors = [error for future in futures if (error := future.exception())]
        except BaseException:
            failed.set()
            raise
    for error in errors:
        if not isinstance(error, StoppedError):
            raise error
    return found


def _yield_to_servers() -> None:
    """Let a server on this machine go first, ours that is being read or the user's own."""
    if sys.platform == "linux":  # elsewhere niceness belongs to the whole process
        thread = threading.get_native_id()
        now = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, min(19, now + _NICENESS))
