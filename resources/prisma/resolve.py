"""`migrate resolve`: mark a migration applied or rolled back. Runs no SQL of the migration."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from resources.errors import HistoryError, MigrationsFolderError
from resources.mysql.connection import Connection
from resources.prisma import history
from resources.prisma.folder import read_migrations, require_name
from resources.prisma.lock import MigrationLock
from resources.prisma.lock_file import require_mysql
from resources.prisma.retry import connect_patiently
from resources.redact import inert
from resources.target import Target


def mark_applied(target: Target, name: str, lock: MigrationLock | None = None) -> str:
    """Record `name` as applied without running it; returns Prisma's line of output.

    Creates Prisma's table where there is none, which is how an existing database is
    baselined. `lock` is the deployment lock where it is held already; else it is taken
    here. Raises MigrationsFolderError (Prisma P3017, P3019), HistoryError (P3008), LockBusyError.
    """
    require_mysql(target.migrations)
    require_name(name)
    with _locked(target, lock), connect_patiently(target) as connection:
        file = next((file for file in read_migrations(target.migrations) if file.name == name), None)
        if file is None or file.missing:
            raise MigrationsFolderError(
                f"The migration {inert(name)} could not be found. Please make sure that the migration "
                "exists, and that you included the whole name of the directory. (Prisma P3017)",
                where=inert(str(target.migrations)),
                hint=f"ls {inert(str(target.migrations))}",
            )
        rows = history.read_history(connection, target.database)
        if rows is None:
            history.create_history(connection)
            rows = []
        mine = [row for row in rows if row.migration_name == name]
        # Also one that was rolled back: Prisma never takes a finished migration twice by hand.
        if any(row.finished_at is not None for row in mine):
            raise HistoryError(
                f"The migration `{inert(name)}` is already recorded as applied in the database. "
                "(Prisma P3008)",
                where=target.name,
                hint="dbsync status",
            )
        for row in mine:
            if row.is_failed:
                history.mark_rolled_back(connection, row.id)
        history.insert_applied(connection, name, file.checksum)
    return f"Migration {inert(name)} marked as applied."


def mark_rolled_back(target: Target, name: str, lock: MigrationLock | None = None) -> str:
    """Record the failed attempts of `name` as rolled back; returns Prisma's line of output.

    Neither the folder nor the lock file is read. Raises HistoryError (Prisma P3011,
    P3012, or no table), LockBusyError.
    """
    with _locked(target, lock), connect_patiently(target) as connection:
        for row in _attempts(connection, target, name):
            if row.is_failed:
                history.mark_rolled_back(connection, row.id)
    return f"Migration {inert(name)} marked as rolled back."


def _attempts(connection: Connection, target: Target, name: str) -> list[history.MigrationRow]:
    rows = history.read_history(connection, target.database)
    if rows is None:
        raise HistoryError(
            "there is no table _prisma_migrations, so nothing can be marked as rolled back",
            where=target.name,
            hint="dbsync status",
        )
    mine = [row for row in rows if row.migration_name == name]
    if not mine:
        raise HistoryError(
            f"Migration `{inert(name)}` cannot be rolled back because it was never applied to the database. "
            "(Prisma P3011)",
            where=target.name,
            hint='give the whole name, for example "20201207184859_initial_migration"',
        )
    if all(row.finished_at is not None for row in mine):
        raise HistoryError(
            f"Migration `{inert(name)}` cannot be rolled back because it is not in a failed state. "
            "(Prisma P3012)",
            where=target.name,
            hint="to undo a deployment: dbsync rollback",
        )
    return mine


@contextmanager
def _locked(target: Target, lock: MigrationLock | None) -> Iterator[None]:
    if lock is not None:
        lock.verify()
        yield
        return
    with MigrationLock(target, "resolve"):
        yield
