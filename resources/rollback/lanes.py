"""Work on several connections at once: the first error ends all of them."""

from __future__ import annotations

import contextvars
import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from resources.mysql.connection import Connection

LANES = 2
T = TypeVar("T")


def in_lanes(
    jobs: Iterable[T], open_connection: Callable[[], Connection], work: Callable[[T, Connection], None]
) -> None:
    """`work(job, connection)` for each of `jobs`, LANES at a time, each lane on a connection of its own.

    `jobs` may be made while others are worked on, by one lane at a time. Raises the first
    error, when every lane has ended what it had begun.
    """
    queue, lock, stop = iter(jobs), threading.Lock(), threading.Event()
    connections: list[Connection] = []

    def lane() -> None:
        try:
            with open_connection() as connection:
                connections.append(connection)
                for job in _until(stop, queue, lock):
                    _work(job, connection)
        except BaseException:
            stop.set()
            raise

    def _work(job: T, connection: Connection) -> None:
        try:
            work(job, connection)
        except BaseException:
            stop.set()  # before the connection is closed, which takes its time
            raise

    with ThreadPoolExecutor(LANES, thread_name_prefix="lane") as pool:
        running = [pool.submit(contextvars.copy_context().run, lane) for _ in range(LANES)]
        try:
            errors = [error for one in running if (error := one.exception())]
        except BaseException:  # an interrupt of the thread that waits: nobody waits for long statements
            stop.set()
            for connection in connections:
                _cut(connection)
            raise
    if errors:
        raise errors[0]


def _until(stop: threading.Event, queue: Iterator[T], lock: threading.Lock) -> Iterator[T]:
    while not stop.is_set():
        with lock:
            if stop.is_set():
                return
            job = next(queue, None)
        if job is None:
            return
        yield job


def _cut(connection: Connection) -> None:
    """Wake the thread that waits for an answer: closing the connection would not."""
    with suppress(OSError, AttributeError):
        vars(connection)["_sock"].shutdown(socket.SHUT_RDWR)
