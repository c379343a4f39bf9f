"""Work on many files, several at a time, behind the servers of this machine."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from resources.lanes import run_lanes

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
    failed = stop or threading.Event()
    found: list = []

    def lane(items: Iterator[T]) -> None:
        _yield_to_servers()
        for item in items:
            found.append(one(item, failed.is_set))

    errors = run_lanes(work, lane, lanes=lanes, stop=failed, name="archive")
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
