"""Prisma's table during a run: written on a connection that no script can reach."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import pymysql

from resources.errors import DbsyncError, LockWaitError, MigrationFailedError, PrivilegeError
from resources.mysql.connection import Connection, execute, is_denied, is_lost, quoted
from resources.prisma import history
from resources.prisma.execute import error_code, error_text
from resources.prisma.folder import MigrationFile
from resources.prisma.history import MigrationRow
from resources.prisma.limits import require_sendable
from resources.prisma.lost_connection import Incarnation, incarnation, reach_again
from resources.prisma.pymysql_internals import drop
from resources.prisma.retry import connect_patiently
from resources.prisma.status import not_baselined
from resources.target import Target

_ANSWER_SECONDS = 60.0
_NO_SUCH_DATABASE = 1049


class HistoryWriter:
    """Rows of `_prisma_migrations` as migrations start, finish and fail."""

    def __init__(self, target: Target) -> None:
        self._target = target
        self.connection: Connection = connect_patiently(target, database=False, read_timeout=_ANSWER_SECONDS)
        self._bound_waits()
        self.server: Incarnation = incarnation(self.connection)

    def open(self, files: Sequence[MigrationFile]) -> list[MigrationRow]:
        """The recorded history; database and table are made where they are absent, as Prisma does.

        Nothing is made unless every pending script can be sent. Raises NotBaselinedError
        (Prisma P3005), MigrationsFolderError, PrivilegeError.
        """
        with self._explained("the migration history could not be opened"):
            exists = self._use_database()
            found = history.read_history(self.connection, self._target.database) if exists else None
            recorded = {row.migration_name for row in found or [] if row.rolled_back_at is None}
            require_sendable(self.connection, [file for file in files if file.name not in recorded])
            if found is not None:
                return found
            if not exists:
                execute(
                    self.connection,
                    f"CREATE DATABASE {quoted(self._target.database)}"
                    " CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
                )
                self._use_database()
            elif tables := history.user_tables(self.connection, self._target.database):
                raise not_baselined(self._target.name, tables, list(files))
            history.create_history(self.connection)
            return []

    def started(self, file: MigrationFile) -> str:
        """The id of the new row. Nothing of the script has been sent when this raises."""
        with self._explained(f"migration `{file.name}` was not started: its row could not be written"):
            return history.insert_started(self.connection, file.name, file.checksum)

    def finished(self, row_id: str) -> bool:
        """Mark as applied. False where the server was restarted in between: then only a
        fully durable server still has what the script did, so it cannot be vouched for."""
        return self._write(lambda connection: history.finish(connection, row_id))

    def failed(self, row_id: str, logs: str) -> None:
        """Keep the row open, with the error's text."""
        self._write(lambda connection: history.write_logs(connection, row_id, logs), also_restarted=True)

    def forget(self, row_id: str) -> None:
        """Remove the row of a migration of which nothing ran: Prisma would call it failed
        for ever, and the database is to be exactly as it was."""
        self._write(lambda connection: history.delete_row(connection, row_id), also_restarted=True)

    def close(self) -> None:
        if self.connection.open:
            self.connection.close()

    def _write(self, change: Callable[[Connection], None], *, also_restarted: bool = False) -> bool:
        """Make an idempotent change, on a new connection where the old one is lost."""
        with self._explained("the migration's row could not be updated"):
            try:
                change(self.connection)
                return True
            except (pymysql.err.MySQLError, OSError) as error:
                if not is_lost(error):
                    raise
                drop(self.connection)
                self.connection = reach_again(self._target, error_text(error))
            self._bound_waits()
            if not also_restarted and not incarnation(self.connection).is_same(self.server):
                return False
            change(self.connection)
            return True

    def _use_database(self) -> bool:
        try:
            self.connection.select_db(self._target.database)
            return True
        except pymysql.err.MySQLError as error:
            if error_code(error) == _NO_SUCH_DATABASE:
                return False
            raise

    def _bound_waits(self) -> None:
        bound = max(1, int(self._target.policy.lock_wait_timeout))
        execute(self.connection, f"SET SESSION lock_wait_timeout = {bound}")

    @contextmanager
    def _explained(self, what: str) -> Iterator[None]:
        try:
            yield
        except (pymysql.err.MySQLError, OSError) as error:
            raise explain(error, self._target, what) from error


def explain(error: BaseException, target: Target, what: str) -> DbsyncError:
    """A typed error for a failure of the bookkeeping itself."""
    code, text = error_code(error), error_text(error)
    if is_denied(error):
        return PrivilegeError(
            what,
            where=target.name,
            why=f"({code}) {text}",
            hint=f"GRANT ALL ON {quoted(target.database)}.* TO the user, then: dbsync doctor",
        )
    kind = LockWaitError if code == 1205 else MigrationFailedError
    return kind(what, where=target.name, why=f"({code}) {text}" if code else text, hint="dbsync doctor")
