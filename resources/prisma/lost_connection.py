"""After a lost connection: read the server before anything else is said or done."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pymysql

from resources import progress
from resources.errors import ConnectError, OutcomeUnknownError
from resources.mysql.connection import Connection, connect, execute, is_lost, rows, value
from resources.prisma.pymysql_internals import drop
from resources.target import Target

REACH_SECONDS = 60.0
"""For how long a server that went away is waited for: a restart with crash recovery."""
_END_SECONDS = 60.0
"""For how long a killed statement may take to undo its work before we give up waiting."""
_PAUSE = 0.5
_SAME_START = 5.0


@dataclass(frozen=True)
class Incarnation:
    """One life of one server: it changes with a restart or a failover."""

    server_uuid: str
    started: float
    """On this process's monotonic clock, to about a second."""

    def is_same(self, other: Incarnation) -> bool:
        return self.server_uuid == other.server_uuid and abs(self.started - other.started) < _SAME_START


def incarnation(connection: Connection) -> Incarnation:
    uptime = float(rows(connection, "SHOW GLOBAL STATUS LIKE 'Uptime'")[0][1])
    return Incarnation(str(value(connection, "SELECT @@server_uuid")), time.monotonic() - uptime)


def reach_again(target: Target, why: str) -> Connection:
    """A new connection into the database, tried for REACH_SECONDS. Raises OutcomeUnknownError."""
    until = time.monotonic() + REACH_SECONDS
    progress.say(f"connection lost ({why}); reading the server to learn what happened")
    while True:
        try:
            return connect(target.endpoint, target.database, read_timeout=REACH_SECONDS)
        except ConnectError as error:
            if time.monotonic() >= until:
                raise OutcomeUnknownError(
                    "the connection was lost and the server cannot be reached to learn the outcome",
                    where=target.name,
                    why=f"{why}; since then: {error.what}",
                    hint="bring the server up, then: dbsync check (it reads the server and puts it right)",
                ) from error
        time.sleep(_PAUSE)


def end_session(target: Target, connection: Connection, thread_id: int, until: float, why: str) -> Connection:
    """Wait until session `thread_id` is gone; from `until` (monotonic) on, by KILL.

    A script goes on running when its client is gone, and must not be judged, let alone
    undone, while it does. Returns the connection in use at the end. Raises
    OutcomeUnknownError where the session does not end within _END_SECONDS of its KILL.
    """
    give_up = max(until, time.monotonic()) + _END_SECONDS
    killed = False
    while True:
        try:
            if not rows(
                connection, "SELECT 1 FROM information_schema.processlist WHERE id = %s", (thread_id,)
            ):
                return connection
            if time.monotonic() >= until and not killed:
                killed = True
                _kill(connection, thread_id)
        except pymysql.err.MySQLError as error:
            if not is_lost(error):
                raise
            drop(connection)
            connection = reach_again(target, why)
        if time.monotonic() >= give_up:
            raise OutcomeUnknownError(
                f"a statement of connection {thread_id} is still running on the server after KILL",
                where=target.name,
                why=why,
                hint=f"wait until SHOW PROCESSLIST no longer lists {thread_id}, then: dbsync check",
            )
        time.sleep(_PAUSE)


def _kill(connection: Connection, thread_id: int) -> None:
    try:
        execute(connection, f"KILL {thread_id}")
    except pymysql.err.MySQLError as error:
        if error.args[0] != 1094:  # it ended by itself
            raise
