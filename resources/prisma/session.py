"""The connections of one run: one executes, one writes the history, one watches, one can kill."""

from __future__ import annotations

from collections.abc import Collection
from contextlib import ExitStack
from types import TracebackType

from resources.mysql.connection import Connection, execute, value
from resources.prisma.execute import Running
from resources.prisma.lost_connection import Incarnation, incarnation
from resources.prisma.retry import connect_patiently
from resources.prisma.timeout import Watchdog
from resources.prisma.watch import Watch
from resources.progress import Step
from resources.target import Target


class MigrationSession:
    """All migrations of a run share the executing session, as in Prisma: what one script
    SETs holds for the next. The history is written on another one, so that no script's
    open transaction, `USE` or LOCK TABLES reaches Prisma's table."""

    def __init__(self, target: Target, deadline: float, step: Step, own: Collection[int]) -> None:
        """`deadline` in seconds of time.monotonic(); `own`: dbsync's other connection ids.

        Raises what `connect` raises.
        """
        self._target = target
        self.running = Running()
        with ExitStack() as opened:
            # No read timeout: an ALTER may take hours; the watchdog bounds it.
            self.connection: Connection = connect_patiently(target, multi_statements=True)
            opened.callback(_close, self.connection)
            self.running.thread_id = int(self.connection.thread_id())
            # As the server spells it, which may be in lower case.
            self.database = str(value(self.connection, "SELECT DATABASE()"))
            self.server: Incarnation = incarnation(self.connection)
            self.watch = Watch(target, self.connection, self.running, step, own)
            opened.callback(self.watch.close)
            self.watchdog = Watchdog(target, self.connection, deadline)
            opened.callback(self.watchdog.close)
            self._opened = opened.pop_all()

    def prepare(self, migration: str) -> None:
        """Bound this migration's lock waits; MySQL's default for table locks is a year."""
        self.running.migration = migration
        self.running.statement = 1
        bound = max(1, int(self._target.policy.lock_wait_timeout))
        execute(self.connection, f"SET SESSION lock_wait_timeout = {bound}")
        if int(value(self.connection, "SELECT @@SESSION.innodb_lock_wait_timeout")) > bound:
            execute(self.connection, f"SET SESSION innodb_lock_wait_timeout = {bound}")

    def close(self) -> None:
        self._opened.close()

    def __enter__(self) -> MigrationSession:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


def _close(connection: Connection) -> None:
    if connection.open:
        connection.close()
