"""Ends what a deployment left running on the server: a killed dbsync leaves its ALTER going."""

from __future__ import annotations

import time
from collections.abc import Collection

import pymysql

from resources import progress
from resources.errors import OutcomeUnknownError
from resources.mysql.connection import connect, execute, rows
from resources.target import Target


def end_sessions(target: Target, threads: Collection[int], timeout: float) -> list[int]:
    """Kill these connections where they still run, and wait until they are gone. Returns which.

    Raises OutcomeUnknownError when one does not end within `timeout` seconds: rolling
    back under a running ALTER would be undone by it.
    """
    deadline = time.monotonic() + timeout
    ended: list[int] = []
    with connect(target.endpoint) as connection:
        while alive := _alive(connection, threads, target.endpoint.user):
            for thread in alive:
                if thread not in ended:
                    progress.say(f"ending session {thread} that the deployment left on the server")
                    ended.append(thread)
                try:
                    execute(connection, f"KILL {thread}")
                except pymysql.err.MySQLError as error:
                    if error.args[0] != 1094:  # "unknown thread id": it has ended by itself
                        raise
            if time.monotonic() > deadline:
                raise OutcomeUnknownError(
                    f"session {alive[0]} of the deployment does not end",
                    where=target.name,
                    why="the server is still undoing its statement",
                    hint="SHOW PROCESSLIST; when it is gone: dbsync rollback",
                )
            time.sleep(0.2)
    return ended


def _alive(connection: pymysql.connections.Connection, threads: Collection[int], user: str) -> list[int]:
    # The account is compared too: a restarted server gives the same numbers to strangers.
    found = rows(connection, "SELECT id, user FROM information_schema.processlist")
    return [int(thread) for thread, owner in found if int(thread) in threads and owner == user]
