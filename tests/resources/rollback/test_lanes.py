"""Work in lanes: every job once, the first error ends all, connections are closed."""

from __future__ import annotations

import threading
import time

import pytest

from resources.mysql.connection import Connection, connect, value
from resources.rollback.lanes import in_lanes


def test_every_job_is_done_once_on_connections_that_are_closed_afterwards(target):
    made: list[Connection] = []
    done: list[int] = []

    def opened() -> Connection:
        made.append(connect(target.endpoint))
        return made[-1]

    def work(job: int, connection: Connection) -> None:
        done.append(int(value(connection, f"SELECT {job}")))

    in_lanes(iter(range(20)), opened, work)
    assert sorted(done) == list(range(20))
    assert made and not any(one.open for one in made)


def test_the_first_error_is_raised_and_nothing_new_is_begun(target):
    begun: list[int] = []
    failing = threading.Event()

    def work(job: int, connection: Connection) -> None:
        begun.append(job)
        if job == 1:
            failing.set()
            raise ValueError("job 1")
        failing.wait(10)
        time.sleep(0.01)

    with pytest.raises(ValueError, match="job 1"):
        in_lanes(range(100), lambda: connect(target.endpoint), work)
    assert len(begun) < 100


def test_an_error_while_jobs_are_made_is_raised_too(target):
    def jobs():
        yield 1
        raise OSError("no more")

    with pytest.raises(OSError, match="no more"):
        in_lanes(jobs(), lambda: connect(target.endpoint), lambda job, connection: None)
