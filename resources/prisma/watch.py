"""Watches a running migration from a second connection: blockers, progress, a dead line.

It only reads. What it cannot read (privileges, instruments that are switched off)
it leaves out; nothing on the server is switched on for it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import pymysql

from resources.errors import ConnectError
from resources.mysql.connection import Connection, connect, is_lost, rows
from resources.prisma.blockers import Blocker, find_blockers
from resources.prisma.execute import Running
from resources.prisma.pymysql_internals import drop, hang_up
from resources.prisma.retry import connect_patiently
from resources.progress import Step
from resources.redact import inert
from resources.target import Target

_INTERVAL = 0.5
_DEAD_AFTER = 10
"""Looks in a row at which the server was not working for us while we waited: 5 s."""
_BLIND_SECONDS = 60.0
"""For how long the server may be out of reach before the running statement is given up as lost."""
_ANSWER_SECONDS = 10.0
_STAGE = """
    SELECT g.event_name, g.work_completed, g.work_estimated
    FROM performance_schema.events_stages_current g
    JOIN performance_schema.threads t USING (thread_id)
    WHERE t.processlist_id = %s AND g.event_name LIKE 'stage/innodb/alter%%'"""


class Watch:
    """One thread for all migrations of a run. `blockers` keeps what was seen last."""

    def __init__(
        self, target: Target, watched: Connection, running: Running, step: Step, own: Collection[int]
    ) -> None:
        """`watched` runs the scripts; `own` are dbsync's other sessions. Raises what `connect` raises."""
        self._target = target
        self._connection = connect_patiently(target, database=False, read_timeout=_ANSWER_SECONDS)
        self._watched = watched
        self._running = running
        self._own = own
        self._step = step
        self._blind_since: float | None = None
        self._active = threading.Event()
        self._stopped = threading.Event()
        self._dead_looks = 0
        self.blockers: list[Blocker] = []
        self._thread = threading.Thread(target=self._loop, name="dbsync-watch", daemon=True)
        self._thread.start()

    @contextmanager
    def over(self) -> Iterator[None]:
        """While a script runs."""
        self.blockers = []
        self._dead_looks = 0
        self._active.set()
        try:
            yield
        finally:
            self._active.clear()

    def close(self) -> None:
        self._stopped.set()
        self._active.set()
        self._thread.join(10)
        drop(self._connection)

    def _loop(self) -> None:
        while not self._stopped.is_set():
            self._active.wait()
            if self._stopped.wait(_INTERVAL) or not self._active.is_set():
                continue
            try:
                self._look()
                self._blind_since = None
            except (pymysql.err.MySQLError, OSError):
                self._see_again()

    def _look(self) -> None:
        thread_id = self._running.thread_id
        found = rows(
            self._connection,
            "SELECT command, time, state FROM information_schema.processlist WHERE id = %s",
            (thread_id,),
        )
        if not found or found[0][0] == "Sleep":
            self._hang_up_if_dead()
            return
        self._dead_looks = 0
        _, seconds, state = found[0]
        # Row locks show no state of their own; the view is costly, so not for quick statements.
        waits = str(state).startswith("Waiting for") or int(seconds) >= 1
        blockers = self._find_blockers(thread_id) if waits else []
        certain = [blocker for blocker in blockers if blocker.is_certain]
        if certain or str(state).startswith("Waiting for"):
            self.blockers = blockers
        shown = f"waiting for {certain[0]}" if certain else f"{state or 'running'}{self._share(thread_id)}"
        if self._active.is_set():
            what = f"{self._running.migration}, statement {self._running.statement}"
            self._step.note(f"{inert(what)}: {shown}, {seconds} s")

    def _find_blockers(self, thread_id: int) -> list[Blocker]:
        try:
            return find_blockers(self._connection, thread_id, self._target.database, self._own)
        except pymysql.err.MySQLError as error:
            if is_lost(error):
                raise
            return []  # a server that keeps these tables otherwise: the wait itself is still seen

    def _share(self, thread_id: int) -> str:
        """Percentage done of an ALTER, where the server records stages."""
        try:
            found = rows(self._connection, _STAGE, (thread_id,))
        except pymysql.err.MySQLError as error:
            if is_lost(error):
                raise
            return ""  # no access to performance_schema
        for name, completed, estimated in found:
            if completed is not None and estimated:
                stage = str(name).rsplit("(", 1)[-1].rstrip(")")
                return f" ({stage} {min(100, 100 * completed // estimated)} %)"
        return ""

    def _see_again(self) -> None:
        """Our own connection is lost. So may be the other one, without a byte to say so."""
        drop(self._connection)
        self._blind_since = self._blind_since or time.monotonic()
        if time.monotonic() - self._blind_since > _BLIND_SECONDS and self._active.is_set():
            hang_up(self._watched)
        try:
            self._connection = connect(self._target.endpoint, read_timeout=_ANSWER_SECONDS)
        except ConnectError:
            return  # tried again at the next look

    def _hang_up_if_dead(self) -> None:
        """The server has ended our session or idles in it, yet we wait: its answer was lost.

        TCP would notice after hours. Closing our end wakes the waiting thread, which
        then learns the outcome from the server.
        """
        self._dead_looks += 1
        if self._dead_looks >= _DEAD_AFTER and self._active.is_set():
            hang_up(self._watched)
