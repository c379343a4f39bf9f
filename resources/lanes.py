"""One queue of jobs, worked on by several threads: the first error ends all of them."""

from __future__ import annotations

import contextvars
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")


def run_lanes(
    jobs: Iterable[T],
    lane: Callable[[Iterator[T]], None],
    *,
    lanes: int,
    stop: threading.Event,
    name: str,
    interrupted: Callable[[], None] = lambda: None,
) -> list[BaseException]:
    """`lane(its jobs)` in each of `lanes` threads; returns their errors, when all have ended.

    `jobs` may be made while others are worked on, by one lane at a time. `stop` is set by the
    first error, and may be set by anybody: no lane is given another job then. `interrupted` is
    called when the thread that waits here is interrupted, to wake lanes that wait themselves.
    """
    queue, lock = iter(jobs), threading.Lock()

    def mine() -> Iterator[T]:
        while not stop.is_set():
            with lock:
                if stop.is_set():
                    return
                job = next(queue, None)
            if job is None:
                return
            yield job

    def guarded() -> None:
        try:
            lane(mine())
        except BaseException:
            stop.set()
            raise

    with ThreadPoolExecutor(lanes, thread_name_prefix=name) as pool:
        running = [pool.submit(contextvars.copy_context().run, guarded) for _ in range(lanes)]
        try:
            return [error for one in running if (error := one.exception())]
        except BaseException:
            stop.set()
            interrupted()
            raise
