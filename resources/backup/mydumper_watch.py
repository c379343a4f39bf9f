"""Whether a mydumper or myloader at work gets on: by what it writes, and by what it does on the server.

mydumper 0.10 can wait for itself for ever. It releases its lock of all tables when the last table that
is not InnoDB was dumped, and counts those without a lock of its own: where a thread is done with one
before the main thread has counted it, nobody wakes the main thread (seen once in 387 dumps on a busy
machine). All its connections are asleep then, and everybody who writes waits behind its lock.
"""

from __future__ import annotations

import contextlib
import subprocess
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

import psutil
import pymysql

from resources.errors import DbsyncError
from resources.mysql.connection import Connection, connect, execute, rows
from resources.mysql.endpoint import Endpoint

_LOOK = 0.5
_ASK = 2.0
"""Seconds between two questions to the server, while nothing is written."""
_LOCK_WAIT = 30
"""Seconds: mydumper locks all tables for a moment, and would wait a year for it, everybody behind it."""
_ASLEEP = 15
"""Seconds in which it wrote nothing and none of its connections did anything: it waits for itself."""
_ABSENT = 60.0
"""Seconds without a byte and without a connection."""
_STALLED = 600.0
"""Seconds without a byte while the server works for it."""


def newest_connection(endpoint: Endpoint) -> int:
    """Connections that are opened after this have higher numbers."""
    with connect(endpoint) as connection:
        return connection.thread_id()


@dataclass(frozen=True)
class Watch:
    """A program under way. `before`: `newest_connection` from before it was started."""

    process: subprocess.Popen[bytes]
    name: str
    endpoint: Endpoint
    before: int

    def until_end(self, written: Callable[[], int], advance: Callable[[int], None]) -> str:
        """Wait for its end; the reason why it should be stopped before that, or "".

        `written`: bytes so far.
        """
        seen, moved, asked = 0, time.monotonic(), 0.0
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_LOOK)
                return ""
            size, now = written(), time.monotonic()
            if size > seen:
                advance(size - seen)
                seen, moved = size, now
            quiet = now - moved
            if quiet > _STALLED:
                return f"{self.name} wrote nothing for {_STALLED:.0f} s and was stopped"
            if quiet > min(_ASLEEP, _ABSENT, _LOCK_WAIT) and now - asked > _ASK:
                asked = now
                if why := self._stuck(quiet):
                    return why

    def until_end_of_load(self) -> str:
        """As `until_end`, for what only reads files: the server's work for it is all there is to see."""
        present = time.monotonic()
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(_ASK)
                return ""
            idle = self._idle_seconds()
            if idle:
                present = time.monotonic()
            if why := self._idle_for_long(idle, time.monotonic() - present):
                return why

    def _stuck(self, quiet: float) -> str:
        if quiet > _LOCK_WAIT and _end_lock_wait(self.endpoint):
            return f"{self.name} waited more than {_LOCK_WAIT} s for the tables' lock and was stopped"
        return self._idle_for_long(self._idle_seconds() if quiet > _ASLEEP else [0], quiet)

    def _idle_for_long(self, idle: Collection[int], quiet: float) -> str:
        if not idle:
            return f"{self.name} has no connection to the server and was stopped" if quiet > _ABSENT else ""
        if min(idle) < _ASLEEP:
            return ""
        return (
            f"{self.name} hung and was stopped: it asked nothing of the server for {_ASLEEP} s,"
            f" on none of its {len(idle)} connections, and wrote nothing"
        )

    def _idle_seconds(self) -> list[int]:
        try:
            with connect(self.endpoint) as connection:
                return _idle_seconds(connection, self._pids(), self.before)
        except (DbsyncError, pymysql.err.MySQLError):
            return []

    def _pids(self) -> list[int]:
        try:
            process = psutil.Process(self.process.pid)
            return [process.pid, *(child.pid for child in process.children(recursive=True))]
        except psutil.Error:
            return [self.process.pid]


def _idle_seconds(connection: Connection, pids: Collection[int], before: int) -> list[int]:
    """Of each connection of these processes: for how long it has been asleep; 0 where it is at work.

    They are known by the process id that the client library announces. Where nothing announces one:
    the account's connections since `before`, without those that wait behind somebody's lock, as the
    application's do behind mydumper's.
    """
    idle = "IF(p.command = 'Sleep', p.time, 0)"
    mine = "p.user = SUBSTRING_INDEX(USER(), '@', 1) AND p.id <> CONNECTION_ID()"
    found: list[tuple[int, ...]] = []
    with contextlib.suppress(pymysql.err.MySQLError):  # no performance_schema, or not for this account
        found = rows(
            connection,
            f"SELECT {idle} FROM information_schema.processlist AS p"
            " JOIN performance_schema.session_account_connect_attrs AS a ON a.processlist_id = p.id"
            f" WHERE {mine} AND a.attr_name = '_pid' AND a.attr_value IN %s",
            ([str(pid) for pid in pids],),
        )
    if not found:
        found = rows(
            connection,
            f"SELECT {idle} FROM information_schema.processlist AS p WHERE {mine} AND p.id > %s"
            " AND NOT (COALESCE(p.state, '') LIKE 'Waiting for %%lock%%'"
            " AND COALESCE(p.info, '') NOT LIKE 'FLUSH %%')",
            (before,),
        )
    return [int(seconds) for (seconds,) in found]


def _end_lock_wait(endpoint: Endpoint) -> bool:
    """Whether its FLUSH TABLES WITH READ LOCK waits; everybody else waits behind it, so it is ended."""
    try:
        with connect(endpoint) as connection:
            waiting = rows(
                connection,
                "SELECT id FROM information_schema.processlist WHERE info LIKE 'FLUSH %%'"
                " AND state LIKE 'Waiting%%' AND user = SUBSTRING_INDEX(USER(), '@', 1) AND time >= %s",
                (_LOCK_WAIT,),
            )
            for (thread,) in waiting:
                execute(connection, f"KILL {int(thread)}")
    except (DbsyncError, pymysql.err.MySQLError):
        return False
    return bool(waiting)
