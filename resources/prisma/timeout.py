"""The deployment's time-out, enforced by KILL from a second connection.

A client that merely stops waiting leaves its statement running on the server.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pymysql

from resources import progress
from resources.errors import ConnectError
from resources.mysql.connection import Connection, connect, execute
from resources.prisma.pymysql_internals import drop, hang_up
from resources.target import Target

GRACE_SECONDS = 5.0
"""Between KILL QUERY, KILL, and closing our own end."""
_NO_SUCH_THREAD = 1094


class Watchdog:
    """Kills what `watched` runs at `deadline`, once. Its connection is open beforehand:
    at the deadline the server may have none left to give."""

    def __init__(self, target: Target, watched: Connection, deadline: float) -> None:
        """`deadline` in seconds of time.monotonic()."""
        self._target = target
        self._watched = watched
        self._thread_id = int(watched.thread_id())
        self._deadline = deadline
        self._connection = connect(target.endpoint, read_timeout=GRACE_SECONDS)
        self._mutex = threading.Lock()
        self._busy = False
        self._stopped = threading.Event()
        self.fired = False
        """Whether anything was killed: from then on no result of the session can be trusted."""
        self._thread = threading.Thread(target=self._loop, name="dbsync-watchdog", daemon=True)
        self._thread.start()

    @property
    def expired(self) -> bool:
        return time.monotonic() >= self._deadline

    @contextmanager
    def over(self) -> Iterator[None]:
        """While a script runs. Outside of it nothing is ever killed."""
        with self._mutex:
            self._busy = True
        try:
            yield
        finally:
            with self._mutex:
                self._busy = False

    def close(self) -> None:
        self._stopped.set()
        self._thread.join(2 * GRACE_SECONDS)
        drop(self._connection)

    def _loop(self) -> None:
        if self._stopped.wait(max(0.0, self._deadline - time.monotonic())):
            return
        for verb in ("KILL QUERY", "KILL"):
            if not self._kill(verb) or self._stopped.wait(GRACE_SECONDS):
                return
        with self._mutex:
            if self._busy:
                hang_up(self._watched)

    def _kill(self, verb: str) -> bool:
        """Whether a script was running and was told to stop."""
        with self._mutex:
            if not self._busy:
                return False
            self.fired = True
            for _ in range(2):
                try:
                    execute(self._connection, f"{verb} {self._thread_id}")
                    return True
                except pymysql.err.MySQLError as error:
                    if error.args and error.args[0] == _NO_SUCH_THREAD:
                        return True
                    self._reconnect()
            return True

    def _reconnect(self) -> None:
        drop(self._connection)
        try:
            self._connection = connect(self._target.endpoint, read_timeout=GRACE_SECONDS)
        except ConnectError as error:
            # Our own end is closed after the grace time; the outcome is then read back.
            progress.say(f"the running migration could not be stopped on the server: {error.what}")
