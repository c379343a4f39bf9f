"""Work on several connections at once: the first error ends all of them."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from typing import TypeVar

from resources.lanes import run_lanes
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
    stop = threading.Event()
    connections: list[Connection] = []

    def lane(mine: Iterator[T]) -> None:
        with open_connection() as connection:
            connections.append(connection)
            for job in mine:
                try:
                    work(job, connection)
                except BaseException:
                    stop.set()  # before the connection is closed, which takes its time
                    raise

    def interrupted() -> None:  # nobody waits for long statements
        for connection in connections:
            _cut(connection)

    errors = run_lanes(jobs, lane, lanes=LANES, stop=stop, name="lane", interrupted=interrupted)
    if errors:
        raise errors[0]


def _cut(connection: Connection) -> None:
    """Wake the thread that waits for an answer: closing the connection would not."""
    with suppress(OSError, AttributeError):
        vars(connection)["_sock"].shutdown(socket.SHUT_RDWR)
