"""Ending what a deployment left running on the server: a killed client's ALTER goes on without it."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pymysql

from resources import progress
from resources.errors import RollbackFailedError
from resources.journal import DeploymentRecord
from resources.mysql.connection import connect, execute, rows
from resources.target import Target

_NO_SUCH_THREAD = 1094
_PAUSE = 0.1
_CLOCK_SLACK = timedelta(seconds=1)


def end_leftover_sessions(target: Target, entry: DeploymentRecord, *, seconds: float = 120.0) -> list[int]:
    """KILL the deployment's sessions that are still connected and wait until they are gone.

    Their undoing may take as long as their work did. Returns the thread numbers. Raises
    RollbackFailedError when one is still there after `seconds`.
    """
    with connect(target.endpoint) as connection:
        uptime = float(rows(connection, "SHOW GLOBAL STATUS LIKE 'Uptime'")[0][1])
        started = datetime.now(UTC) - timedelta(seconds=uptime)
        mine = {
            int(thread)
            for event in entry.events
            for thread in (*event.get("threads", ()), *event.get("put_back_threads", ()))
            # Recorded before the server's last start, the number is somebody else's now.
            if datetime.fromisoformat(str(event["at"])) + _CLOCK_SLACK >= started
        } - {int(connection.thread_id())}

        def present() -> list[int]:
            found = rows(connection, "SELECT id FROM information_schema.processlist")
            return sorted(mine & {int(thread) for (thread,) in found})

        running = present()
        for thread in running:
            progress.say(f"connection {thread} of the deployment is still there; ending it")
            try:
                execute(connection, f"KILL {thread}")
            except pymysql.err.MySQLError as error:
                if not error.args or error.args[0] != _NO_SUCH_THREAD:
                    raise
        deadline = time.monotonic() + seconds
        while left := present():
            if time.monotonic() > deadline:
                raise RollbackFailedError(
                    f"a statement of the deployment still runs on the server (connection {left[0]})",
                    where=target.name,
                    why=f"it was killed {seconds:g} s ago and is undoing its work",
                    hint=f"wait until SHOW PROCESSLIST no longer lists {left[0]}, then: dbsync rollback",
                )
            time.sleep(_PAUSE)
    return running
