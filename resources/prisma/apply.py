"""Apply what is pending, as `prisma migrate deploy` does, with bounds that Prisma lacks."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import pymysql

from resources import progress
from resources.errors import (
    DbsyncError,
    HistoryError,
    LockBusyError,
    LockWaitError,
    MigrationFailedError,
    MigrationTimeoutError,
    OutcomeUnknownError,
)
from resources.mysql.connection import connect, is_lost
from resources.prisma.blockers import describe
from resources.prisma.checksum import script_bytes
from resources.prisma.execute import LeftDatabase, error_code, error_text, run_script, settle
from resources.prisma.failure import Failure, attach, place, prisma_logs, statement_failed
from resources.prisma.findings import history_findings
from resources.prisma.folder import MigrationFile, read_migrations
from resources.prisma.history import MigrationRow
from resources.prisma.history_writer import HistoryWriter
from resources.prisma.locate_statement import first_word
from resources.prisma.lock import MigrationLock
from resources.prisma.lock_file import require_mysql
from resources.prisma.lost_connection import end_session, incarnation, reach_again
from resources.prisma.pymysql_internals import drop
from resources.prisma.result import MigrationResult
from resources.prisma.session import MigrationSession
from resources.redact import inert
from resources.target import Target

Record = Callable[[str, dict[str, Any]], None]
_LOCK_WAIT_TIMEOUT = 1205
# Statements that the server undoes as a whole when they time out. A CALL may have
# committed half of its work by then.
_ALL_OR_NOTHING = frozenset(
    {"ALTER", "CREATE", "DROP", "RENAME", "TRUNCATE", "INSERT", "UPDATE", "DELETE", "REPLACE"}
)


def apply_pending(
    target: Target, lock: MigrationLock, record: Record, *, files: Sequence[MigrationFile] | None = None
) -> MigrationResult:
    """Apply pending migrations in Prisma's order and keep Prisma's table as Prisma would.

    `files` are the bytes to run where they were read (and judged) before; else the
    folder is read once, here. `record(phase, facts)` is called with "migration_started"
    before a migration's row is written and "migration_applied" after it is finished.

    Raises, with nothing changed: LockBusyError, MigrationsFolderError, HistoryError,
    NotBaselinedError, PrivilegeError, ConnectError. Raises, with `failure_of(error)`
    telling how far it came: MigrationFailedError, LockWaitError, MigrationTimeoutError,
    OutcomeUnknownError.
    """
    began = time.monotonic()
    require_mysql(target.migrations)
    pinned = list(files) if files is not None else read_migrations(target.migrations)
    lock.verify()
    writer = HistoryWriter(target)
    try:
        recorded = writer.open(pinned)
        _require_clean(target, pinned, recorded)
        done = {row.migration_name for row in recorded if row.rolled_back_at is None}
        pending = [file for file in pinned if file.name not in done]
        run = _Run(target, lock, record, writer)
        if pending:
            run.all(pending, began + target.policy.migration_timeout)
    finally:
        writer.close()
    last = run.applied[-1] if run.applied else next((r.migration_name for r in reversed(recorded)), None)
    seconds = time.monotonic() - began
    return MigrationResult(True, last, run.applied, seconds, statement_seconds=run.seconds)


def _require_clean(target: Target, files: list[MigrationFile], rows: list[MigrationRow]) -> None:
    """The gate's own question again: only what was judged clean may run (Prisma P3009 among it)."""
    for finding in history_findings(files, rows, target.policy.accepted):
        if finding.blocking and not finding.accepted:
            raise HistoryError(finding.what, where=target.name, hint=finding.hint)


class _Run:
    def __init__(self, target: Target, lock: MigrationLock, record: Record, writer: HistoryWriter) -> None:
        self._target = target
        self._lock = lock
        self._record = record
        self._history = writer
        self.applied: list[str] = []
        self.seconds: dict[str, list[float]] = {}

    def all(self, pending: list[MigrationFile], deadline: float) -> None:
        """`deadline` in seconds of time.monotonic(), for all of them together."""
        own = (int(self._history.connection.thread_id()), self._lock.connection_id or 0)
        with progress.step("apply migrations", total=len(pending), unit="migrations") as step:
            with MigrationSession(self._target, deadline, step, own) as session:
                for file in pending:
                    step.note(f"Applying migration `{inert(file.name)}`")
                    self._one(session, file, deadline)
                    self.applied.append(file.name)
                    step.advance(1)

    def _one(self, session: MigrationSession, file: MigrationFile, deadline: float) -> None:
        self._require_lock(file)
        if session.watchdog.expired:
            raise self._before(MigrationTimeoutError, file, "the deployment's time was used up before")
        try:
            session.prepare(file.name)
        except (pymysql.err.MySQLError, OSError) as error:
            reason = "the session could not be used any more before"
            raise self._before(MigrationFailedError, file, reason, error_text(error)) from error
        facts = {
            "migration": file.name,
            "checksum": file.checksum,
            "thread_id": session.running.thread_id,
            "threads": [session.running.thread_id, int(self._history.connection.thread_id())],
        }
        self._record("migration_started", facts)
        row_id = self._history.started(file)
        began = time.monotonic()
        cause = self._send_with_retries(session, file)
        if cause is not None and (is_lost(cause) or not session.connection.open):
            self._learn(session, file, row_id, cause, deadline)
        if cause is not None:
            raise self._failed(session, file, row_id, cause)
        if not self._history.finished(row_id):
            raise self._unknown(session, file, pymysql.err.OperationalError(2013, "the server was restarted"))
        self.seconds[file.name] = session.running.seconds
        self._record("migration_applied", {"migration": file.name, "seconds": time.monotonic() - began})
        if session.watchdog.fired:
            # A KILL that came too late for an error may still have cut a statement short.
            self.applied.append(file.name)
            raise self._before(MigrationTimeoutError, file, "the deployment's time was used up during")

    def _send_with_retries(self, session: MigrationSession, file: MigrationFile) -> BaseException | None:
        """None when every statement succeeded, else the error of the one that did not."""
        script = script_bytes(file.content)
        for attempt in range(self._target.policy.lock_wait_retries + 1):
            cause = self._send(session, script)
            if not self._nothing_ran(session, script, cause) or session.watchdog.fired:
                return cause
            left = self._target.policy.lock_wait_retries - attempt
            progress.say(
                f"{inert(file.name)}: no lock within {self._target.policy.lock_wait_timeout} s; "
                f"{describe(session.watch.blockers)}; {left} attempts left"
            )
            if left == 0 or session.watchdog.expired or not self._lock.is_held():
                return cause
        raise AssertionError("unreachable")

    def _send(self, session: MigrationSession, script: bytes) -> BaseException | None:
        try:
            with session.watchdog.over(), session.watch.over():
                run_script(session.connection, script, session.running)
                settle(session.connection, session.database)
            return None
        except (pymysql.err.MySQLError, OSError, LeftDatabase) as error:
            return error
        except BaseException:
            # Interrupted. The server would go on with the script while it is being undone.
            drop(session.connection)
            self._stop_on_server(session.running.thread_id)
            raise

    def _stop_on_server(self, thread_id: int) -> None:
        try:
            connection = connect(self._target.endpoint, read_timeout=30.0)
            drop(end_session(self._target, connection, thread_id, time.monotonic(), "interrupted"))
        except DbsyncError as error:
            # The interrupt is what the caller must see; the journal shows the migration as begun.
            progress.say(f"interrupted, and the script could not be stopped: {error.what}")

    def _nothing_ran(self, session: MigrationSession, script: bytes, cause: BaseException | None) -> bool:
        """Whether the very first statement gave up waiting for a lock, and left no trace."""
        return (
            cause is not None
            and error_code(cause) == _LOCK_WAIT_TIMEOUT
            and session.running.statement == 1
            and first_word(script.decode()) in _ALL_OR_NOTHING
        )

    def _failed(
        self, session: MigrationSession, file: MigrationFile, row_id: str, cause: BaseException
    ) -> MigrationFailedError:
        number, name = session.running.statement, inert(file.name)
        failure = self._failure(session, file, "failed", cause)
        if session.watchdog.fired:
            self._history.failed(row_id, prisma_logs(file.name, cause, number))
            limit = self._target.policy.migration_timeout
            what = f"MIGRATION_TIMEOUT ({limit:g} s): migration `{name}` was stopped at statement {number}"
            return statement_failed(self._target, file, failure, cause, MigrationTimeoutError, what)
        if error_code(cause) == _LOCK_WAIT_TIMEOUT:
            nothing_ran = self._nothing_ran(session, script_bytes(file.content), cause)
            if nothing_ran:
                self._history.forget(row_id)
            else:
                self._history.failed(row_id, prisma_logs(file.name, cause, number))
            what = f"migration `{name}` did not get a lock at statement {number}"
            error = statement_failed(self._target, file, failure, cause, LockWaitError, what)
            error.why += f"\n         {describe(session.watch.blockers)}"
            if nothing_ran:
                error.why += "\n         nothing was executed and no row was left in _prisma_migrations"
            error.hint = "let that session end (dbsync kills nobody's), or deploy at a quieter time"
            return error
        self._history.failed(row_id, prisma_logs(file.name, cause, number))
        what = f"migration `{name}` failed at statement {number}"
        return statement_failed(self._target, file, failure, cause, MigrationFailedError, what)

    def _learn(
        self,
        session: MigrationSession,
        file: MigrationFile,
        row_id: str,
        cause: BaseException,
        deadline: float,
    ) -> None:
        """After a lost connection: wait until the server is done with the script, then say so.

        How far a script came cannot be read from a server in general. It therefore counts
        as neither applied nor failed; its row stays open, as Prisma would leave it.
        """
        why = error_text(cause)
        try:
            connection = reach_again(self._target, why)
            if incarnation(connection).is_same(session.server):
                connection = end_session(self._target, connection, session.running.thread_id, deadline, why)
            drop(connection)
            self._history.failed(row_id, prisma_logs(file.name, cause, session.running.statement))
        except OutcomeUnknownError as error:
            raise attach(error, self._failure(session, file, "unknown", cause)) from cause
        raise self._unknown(session, file, cause)

    def _unknown(
        self, session: MigrationSession, file: MigrationFile, cause: BaseException
    ) -> MigrationFailedError:
        failure = self._failure(session, file, "unknown", cause)
        kind = MigrationTimeoutError if session.watchdog.fired else MigrationFailedError
        what = (
            f"migration `{inert(file.name)}` ran past MIGRATION_TIMEOUT and its session was ended"
            if session.watchdog.fired
            else f"the connection was lost in migration `{inert(file.name)}`; how far it came is unknown"
        )
        return statement_failed(self._target, file, failure, cause, kind, what)

    def _failure(
        self, session: MigrationSession, file: MigrationFile, outcome: str, cause: BaseException
    ) -> Failure:
        return Failure(
            file.name,
            "unknown" if outcome == "unknown" else "failed",
            session.running.statement,
            error_code(cause),
            tuple(self.applied),
        )

    def _before(
        self, kind: type[MigrationFailedError], file: MigrationFile, reason: str, why: str = ""
    ) -> MigrationFailedError:
        """An error between two migrations: everything before is complete, nothing after began."""
        done = f"{len(self.applied)} of this deployment's migrations are applied completely"
        error = kind(
            f"{reason} migration `{inert(file.name)}`",
            where=place(file),
            why=f"{why}; {done}" if why else done,
            hint="raise MIGRATION_TIMEOUT, or deploy fewer migrations at once"
            if kind is MigrationTimeoutError
            else "dbsync status, then: dbsync deploy",
        )
        return attach(error, Failure(file.name, "failed", 0, None, tuple(self.applied)))

    def _require_lock(self, file: MigrationFile) -> None:
        try:
            self._lock.verify()
        except LockBusyError as error:
            if not self.applied:
                raise
            raise self._before(
                MigrationFailedError, file, "the deployment lock was lost before", error.why
            ) from error
