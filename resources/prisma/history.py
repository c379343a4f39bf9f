"""Prisma's table `_prisma_migrations`: made, read and written exactly as Prisma does.

Times are UTC wall clock from this machine, not from the server, with milliseconds.
Rows are ordered by `started_at` alone, so within the table it must rise strictly.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pymysql

from resources.errors import HistoryError
from resources.mysql.connection import Connection, Row, execute, quoted, rows, value
from resources.mysql.schema import HISTORY_TABLE

CREATE_TABLE = """CREATE TABLE _prisma_migrations (
    id                      VARCHAR(36) PRIMARY KEY NOT NULL,
    checksum                VARCHAR(64) NOT NULL,
    finished_at             DATETIME(3),
    migration_name          VARCHAR(255) NOT NULL,
    logs                    TEXT,
    rolled_back_at          DATETIME(3),
    started_at              DATETIME(3) NOT NULL DEFAULT CURRENT_TIMESTAMP(3),
    applied_steps_count     INTEGER UNSIGNED NOT NULL DEFAULT 0
) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;"""
_COLUMNS = "id, checksum, finished_at, migration_name, logs, rolled_back_at, started_at, applied_steps_count"
_REQUIRED = {0: "id", 1: "checksum", 3: "migration_name", 6: "started_at", 7: "applied_steps_count"}
_NO_SUCH_TABLE = 1146
_MILLISECOND = timedelta(milliseconds=1)
_LOG_BYTES = 65_000
"""The column is TEXT: 65,535 bytes, and strict mode refuses more."""


@dataclass(frozen=True)
class MigrationRow:
    """Times are naive datetimes in UTC."""

    id: str
    checksum: str
    finished_at: datetime | None
    migration_name: str
    logs: str | None
    rolled_back_at: datetime | None
    started_at: datetime
    applied_steps_count: int

    @property
    def is_applied(self) -> bool:
        return self.finished_at is not None and self.rolled_back_at is None

    @property
    def is_failed(self) -> bool:
        return self.finished_at is None and self.rolled_back_at is None


def read_history(connection: Connection, database: str) -> list[MigrationRow] | None:
    """All rows in the order they started, or None where the table does not exist.

    Raises HistoryError where a row cannot be read, as Prisma's engine does.
    """
    try:
        found = rows(
            connection,
            f"SELECT {_COLUMNS} FROM {quoted(database)}.{HISTORY_TABLE} ORDER BY started_at ASC",
        )
    except pymysql.err.MySQLError as error:
        if error.args and error.args[0] == _NO_SUCH_TABLE:
            return None
        raise
    return [_row(columns) for columns in found]


def create_history(connection: Connection) -> None:
    """In the connection's database. Fails where the table exists, as Prisma's statement does."""
    execute(connection, CREATE_TABLE)


def user_tables(connection: Connection, database: str) -> list[str]:
    """Base tables other than Prisma's own; views and routines do not count (Prisma P3005)."""
    found = rows(
        connection,
        "SELECT table_name FROM information_schema.tables"
        " WHERE table_schema = %s AND table_type = 'BASE TABLE' AND table_name <> %s ORDER BY table_name",
        (database, HISTORY_TABLE),
    )
    return [name for (name,) in found]


def insert_started(connection: Connection, name: str, checksum: str) -> str:
    """The row of a migration that is about to run; returns its id."""
    row_id = str(uuid.uuid4())
    execute(
        connection,
        f"INSERT INTO {HISTORY_TABLE} (id, checksum, started_at, migration_name) VALUES (%s, %s, %s, %s)",
        (row_id, checksum, _next_start(connection), name),
    )
    return row_id


def finish(connection: Connection, row_id: str) -> None:
    """Mark as applied: Prisma counts one step per migration, not per statement.

    Idempotent, so that it can be sent again on a new connection.
    """
    execute(connection, f"UPDATE {HISTORY_TABLE} SET applied_steps_count = 1 WHERE id = %s", (row_id,))
    execute(
        connection,
        # A clock that was set back must not end a migration before it began.
        f"UPDATE {HISTORY_TABLE} SET finished_at = GREATEST(CAST(%s AS DATETIME(3)), started_at)"
        " WHERE id = %s",
        (utc_now(), row_id),
    )


def write_logs(connection: Connection, row_id: str, logs: str) -> None:
    """The error text of a failed migration; its row stays open, which is Prisma's "failed"."""
    kept = logs.encode()[:_LOG_BYTES].decode("utf-8", "ignore")
    execute(connection, f"UPDATE {HISTORY_TABLE} SET logs = %s WHERE id = %s", (kept, row_id))


def delete_row(connection: Connection, row_id: str) -> None:
    execute(connection, f"DELETE FROM {HISTORY_TABLE} WHERE id = %s", (row_id,))


def insert_applied(connection: Connection, name: str, checksum: str) -> None:
    """The row of `resolve --applied`: no step counted, empty logs, both times the same."""
    now = _next_start(connection)
    execute(
        connection,
        f"INSERT INTO {HISTORY_TABLE} (id, checksum, logs, started_at, finished_at, migration_name)"
        " VALUES (%s, %s, '', %s, %s, %s)",
        (str(uuid.uuid4()), checksum, now, now, name),
    )


def mark_rolled_back(connection: Connection, row_id: str) -> None:
    execute(connection, f"UPDATE {HISTORY_TABLE} SET rolled_back_at = %s WHERE id = %s", (utc_now(), row_id))


def utc_now() -> datetime:
    """Now, without a zone, in whole milliseconds: what Prisma puts into DATETIME(3)."""
    now = datetime.now(UTC).replace(tzinfo=None)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _next_start(connection: Connection) -> datetime:
    newest = value(connection, f"SELECT MAX(started_at) FROM {HISTORY_TABLE}")
    return max(utc_now(), newest + _MILLISECOND) if newest else utc_now()


def _row(columns: Row) -> MigrationRow:
    for index, name in _REQUIRED.items():
        if columns[index] is None:
            raise HistoryError(
                f"Failed to extract `{name}` from `{HISTORY_TABLE}` row.",
                where=HISTORY_TABLE,
                why="Prisma's own commands stop at such a row as well",
                hint=f"SELECT * FROM {HISTORY_TABLE}: give the row a value or remove it",
            )
    return MigrationRow(*columns)


def schema_version(history: Sequence[MigrationRow]) -> str:
    """The name of the migration that was applied last, or "empty"."""
    done = [row for row in history if row.is_applied]
    return max(done, key=lambda row: row.started_at).migration_name if done else "empty"
