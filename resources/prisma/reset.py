"""`migrate reset`: drop the database, create it again, apply every migration."""

from __future__ import annotations

from typing import Any

import pymysql

from resources.errors import ConfirmationError
from resources.mysql.connection import execute, is_denied, quoted
from resources.mysql.endpoint import SYSTEM_DATABASES
from resources.prisma.apply import Record, apply_pending
from resources.prisma.execute import error_code
from resources.prisma.folder import read_migrations
from resources.prisma.history_writer import explain
from resources.prisma.limits import require_sendable
from resources.prisma.lock import MigrationLock
from resources.prisma.lock_file import require_mysql
from resources.prisma.result import MigrationResult
from resources.prisma.retry import connect_patiently
from resources.target import Target

_LOCK_WAIT_TIMEOUT = 1205


def reset_database(
    target: Target, confirm: str | None, lock: MigrationLock, record: Record | None = None
) -> MigrationResult:
    """Destroys every row. Raises ConfirmationError, with nothing changed, unless confirmed.

    `confirm` is what a person typed: the name of the database, or of the whole target
    (database@host:port). Only a target flagged as disposable may go without; a wrong
    name is refused even there.
    The scripts are checked first, so that a folder which cannot be applied destroys nothing.
    """
    _require_confirmation(target, confirm)
    require_mysql(target.migrations)
    files = read_migrations(target.migrations)
    lock.verify()
    with connect_patiently(target, database=False, read_timeout=600.0) as connection:
        require_sendable(connection, files)
        name = quoted(target.database)
        state = "nothing was dropped"
        try:
            bound = max(1, int(target.policy.lock_wait_timeout))
            execute(connection, f"SET SESSION lock_wait_timeout = {bound}")
            try:
                execute(connection, f"DROP DATABASE IF EXISTS {name}")
            except pymysql.err.MySQLError as error:
                # These two come before the first table goes; of any other error that cannot be said.
                if not is_denied(error) and error_code(error) != _LOCK_WAIT_TIMEOUT:
                    state = "it may be partly or wholly dropped"
                raise
            state = "it was dropped, and is not there again"
            # Plainly, as Prisma does here: in the server's default character set.
            execute(connection, f"CREATE DATABASE {name}")
        except (pymysql.err.MySQLError, OSError) as error:
            raise explain(error, target, f"the database could not be reset; {state}") from error
    return apply_pending(target, lock, record or _unrecorded, files=files)


def _require_confirmation(target: Target, confirm: str | None) -> None:
    if target.database.lower() in SYSTEM_DATABASES:
        raise ConfirmationError(
            f"`{target.database}` is a system database and is never reset (Prisma P3004)",
            where=target.name,
            hint="name the application's database in DATABASE_URL",
        )
    if confirm in (target.database, target.name) or (target.policy.disposable and not confirm):
        return
    raise ConfirmationError(
        "reset destroys every row of the database and was not confirmed",
        where=target.name,
        why="nothing was typed" if not confirm else f"{confirm!r} was typed, not {target.database!r}",
        hint=f"dbsync reset --confirm {target.database}",
    )


def _unrecorded(phase: str, facts: dict[str, Any]) -> None:
    """No journal: a reset is not a deployment that could be rolled back."""
    del phase, facts
