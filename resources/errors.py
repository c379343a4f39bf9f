"""Every error dbsync reports, and the exit code each one ends a command with.

This is the one table of exit codes: `docs/exit-codes.md` is generated from it
(`make docs`), and a test fails when the two differ. A code, once given, keeps
its meaning, because workflows branch on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar


class DbsyncError(Exception):
    """What went wrong, where, why, and the next command to type.

    `what` is one sentence. `where` names the object (file:line, host, table).
    `why` is the cause in the words of whoever reported it (the server, the
    kernel). `hint` is the next thing to do, preferably a command.
    """

    exit_code: ClassVar[int] = 1
    code: ClassVar[str] = "internal"
    meaning: ClassVar[str] = "an error nobody foresaw; please report it"

    def __init__(self, what: str, *, where: str = "", why: str = "", hint: str = "") -> None:
        super().__init__(what)
        self.what = what
        self.where = where
        self.why = why
        self.hint = hint

    def __str__(self) -> str:
        lines = [self.what]
        if self.where:
            lines.append(f"  where: {self.where}")
        if self.why:
            lines.append(f"  why:   {self.why}")
        if self.hint:
            lines.append(f"  next:  {self.hint}")
        return "\n".join(lines)

    def as_dict(self) -> dict[str, object]:
        return {
            "code": self.code,
            "exit_code": self.exit_code,
            "what": self.what,
            "where": self.where,
            "why": self.why,
            "hint": self.hint,
        }


# --- before anything was changed: set-up and reachability -------------------


class UsageError(DbsyncError):
    exit_code, code = 2, "usage"
    meaning = "the command line is wrong"


class SettingsError(DbsyncError):
    exit_code, code = 3, "settings"
    meaning = "a setting is missing or wrong"


class EnvironmentCheckError(DbsyncError):
    exit_code, code = 4, "environment"
    meaning = "the machine lacks something dbsync needs; nothing was changed"


class PrivilegeError(DbsyncError):
    exit_code, code = 5, "privileges"
    meaning = "database privileges are missing; the GRANTs are printed; nothing was changed"


class ConnectError(DbsyncError):
    exit_code, code = 10, "unreachable"
    meaning = "the database server cannot be reached"


class ConnectTimeoutError(ConnectError):
    exit_code, code = 11, "connect-timeout"
    meaning = "the server was reached but did not answer in time"


class AuthenticationError(ConnectError):
    exit_code, code = 12, "authentication"
    meaning = "the server refused the user or password"


class TlsError(ConnectError):
    exit_code, code = 13, "tls"
    meaning = "no trusted TLS connection could be made"


class NoSuchDatabaseError(ConnectError):
    exit_code, code = 14, "no-database"
    meaning = "the named database does not exist"


class LockBusyError(DbsyncError):
    exit_code, code = 15, "lock-busy"
    meaning = "another deployment holds the lock; nothing was changed"


class DiskFullError(DbsyncError):
    exit_code, code = 16, "disk-full"
    meaning = "not enough disk space; nothing in the database was changed"


class MysqlNotFoundError(EnvironmentCheckError):
    exit_code, code = 17, "no-mysqld"
    meaning = "no usable mysqld is here and none could be got"


class TargetMismatchError(DbsyncError):
    exit_code, code = 18, "target-mismatch"
    meaning = "the target is not the one that was named; nothing was changed"


class ConfirmationError(DbsyncError):
    exit_code, code = 19, "not-confirmed"
    meaning = "a destructive command was not confirmed by name; nothing was changed"


# --- backups -----------------------------------------------------------------


class BackupFailedError(DbsyncError):
    exit_code, code = 20, "backup-failed"
    meaning = "the backup could not be made or proven; nothing in the database was changed"


class BackupCorruptError(DbsyncError):
    exit_code, code = 21, "backup-corrupt"
    meaning = "a stored backup is damaged; nothing in the database was changed"


class NoSuchBackupError(DbsyncError):
    exit_code, code = 22, "no-such-backup"
    meaning = "no backup has that id, or it is not an id"


class RestoreFailedError(DbsyncError):
    exit_code, code = 23, "restore-failed"
    meaning = "the restore did not complete; the original tables are still in place or kept aside"


class UnprovenBackupError(DbsyncError):
    exit_code, code = 24, "backup-unproven"
    meaning = "the backup was never proven, or its newest proof failed; nothing in the database was changed"


class MissingDefinerError(DbsyncError):
    exit_code, code = 25, "definer-missing"
    meaning = "accounts that views, routines, triggers or events run as are not there; nothing was changed"


class RemoteStorageError(DbsyncError):
    exit_code, code = 26, "remote-storage"
    meaning = "the bucket could not be used; what is stored on this machine is still there"


class BackupKeyError(DbsyncError):
    exit_code, code = 27, "backup-key"
    meaning = "an encrypted backup cannot be opened with the key that was given; nothing was changed"


class ChainBrokenError(DbsyncError):
    exit_code, code = 28, "chain-broken"
    meaning = "an incremental backup cannot continue from the backups before it; take a full one"


class MomentError(DbsyncError):
    exit_code, code = 29, "no-such-moment"
    meaning = "the wanted moment is not in the backups and binary logs that are left; nothing was changed"


# --- migrations --------------------------------------------------------------


class HistoryError(DbsyncError):
    exit_code, code = 30, "history"
    meaning = "the migration history is not clean (edited, missing, failed or out of order)"


class NotBaselinedError(DbsyncError):
    exit_code, code = 31, "not-baselined"
    meaning = "the database has tables but no migration history (Prisma P3005)"


class MigrationsFolderError(DbsyncError):
    exit_code, code = 32, "migrations-folder"
    meaning = "the migrations folder cannot be used (lock file, unreadable or unsafe entries)"


class DriftError(DbsyncError):
    exit_code, code = 33, "drift"
    meaning = "the schema differs from what its migrations make, or they do not replay; before any change"


class PendingError(DbsyncError):
    exit_code, code = 34, "pending"
    meaning = "migrations are pending (status only)"


class UnfinishedError(DbsyncError):
    exit_code, code = 35, "unfinished"
    meaning = "a killed deployment is not put right yet, or waits for a decision"


class GitError(DbsyncError):
    exit_code, code = 36, "git"
    meaning = "the git repository cannot be used; nothing was changed"


class CommitRefusedError(DbsyncError):
    exit_code, code = 37, "commit-refused"
    meaning = "the commit may not be deployed: gone from its branch, changed, or not from whom it must be"


class UndecidedRenameError(DbsyncError):
    exit_code, code = 38, "rename-undecided"
    meaning = (
        "a rename or a drop? `generate` does not guess: it prints the options that decide, and wrote nothing"
    )


class GenerateFailedError(DbsyncError):
    exit_code, code = 39, "generate-failed"
    meaning = (
        "the migration that `generate` wrote does not make what the schema asks for; it was removed again"
    )


class MigrationFailedError(DbsyncError):
    exit_code, code = 40, "migration-failed"
    meaning = "a migration failed; what the database looks like now is said in the message"


class MigrationTimeoutError(MigrationFailedError):
    exit_code, code = 41, "migration-timeout"
    meaning = "a migration ran past MIGRATION_TIMEOUT and was stopped"


class LockWaitError(MigrationFailedError):
    exit_code, code = 42, "lock-wait"
    meaning = "a table lock was not granted in time; the blocking session is named"


class AppBuildError(DbsyncError):
    exit_code, code = 44, "app-build"
    meaning = "the application could not be built; database and running application were not touched"


class OutcomeUnknownError(DbsyncError):
    exit_code, code = 43, "unknown"
    meaning = "the connection was lost and the server could not be read to learn the outcome"


# --- gates after the change ---------------------------------------------------


class ValidationFailedError(DbsyncError):
    exit_code, code = 50, "validation-failed"
    meaning = "the schema or the data rules do not hold"


class HealthFailedError(DbsyncError):
    exit_code, code = 51, "unhealthy"
    meaning = "the health check is not good"


class AppStartError(DbsyncError):
    exit_code, code = 52, "app-not-started"
    meaning = "the application does not start, restarts by itself, or does not reach its database"


# --- rollback ------------------------------------------------------------------


class RollbackRefusedError(DbsyncError):
    exit_code, code = 61, "rollback-refused"
    meaning = "rolling back would lose rows users wrote; a person must decide; nothing was undone"


class RollbackFailedError(DbsyncError):
    exit_code, code = 62, "rollback-incomplete"
    meaning = "the rollback itself failed; the message says the state of the data and what to type"


class NothingToRollBackError(DbsyncError):
    exit_code, code = 63, "nothing-to-roll-back"
    meaning = "no deployment is there to be rolled back"


class RestoreRefusedError(DbsyncError):
    exit_code, code = 64, "restore-refused"
    meaning = "restoring would lose what users wrote; a person must decide; nothing was changed"


# --- work that runs in a process of its own ---------------------------------------


class LeftRunningError(DbsyncError):
    exit_code, code = 70, "left-running"
    meaning = "the command that followed the work was stopped; the work goes on, `dbsync join` follows it"


class WorkKilledError(DbsyncError):
    exit_code, code = 71, "killed"
    meaning = "the process that did the work was killed; what it had begun was put right first"


class NotReleasedError(DbsyncError):
    exit_code, code = 73, "not-released"
    meaning = "the deployment that is spoken of is not what stands in the database"


class NoSuchWorkError(DbsyncError):
    exit_code, code = 72, "no-such-work"
    meaning = "nothing is there to be joined"


# --- telling people ---------------------------------------------------------------


class AlertFailedError(DbsyncError):
    exit_code, code = 90, "alert-failed"
    meaning = "a channel of alerts did not take a message; nothing else is affected"


class AlertsSilentError(DbsyncError):
    exit_code, code = 91, "alerts-silent"
    meaning = "the sensor that delivers alerts does not run; the watchdog channel was told"


INTERRUPTED_EXIT_CODE = 130


def error_of(told: Mapping[str, object]) -> DbsyncError:
    """The error that `as_dict` told of, in another process. A code that is unknown here stays in its text."""
    for kind in all_errors():
        if kind.code == told.get("code"):
            what, where, why, hint = (str(told.get(part) or "") for part in ("what", "where", "why", "hint"))
            return kind(what or kind.meaning, where=where, why=why, hint=hint)
    return DbsyncError(f"it ended with {told.get('code')!r}", why=str(told.get("what") or ""))


def all_errors() -> list[type[DbsyncError]]:
    """Every error class of the table, by exit code. A subclass elsewhere shares its parent's row."""
    found: list[type[DbsyncError]] = []
    todo: list[type[DbsyncError]] = [DbsyncError]
    while todo:
        cls = todo.pop()
        if cls.__module__ == __name__:
            found.append(cls)
        todo.extend(cls.__subclasses__())
    return sorted(found, key=lambda c: c.exit_code)
