"""Rows from a private server into the target as row events: exact, whatever the type.

A dump's text changes FLOAT and the types inside JSON; a row event carries the stored bytes.
The private server inserts each table, piece by piece, into one that stores nothing: what is
left of it is the events in its binary log, which go to the target in `BINLOG` statements.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import IO

import pymysql

from resources.mysql.connection import Connection, execute, quoted, rows, value
from resources.mysql.server import PrivateServer
from resources.progress import Step
from resources.rollback.key_ranges import key_ranges
from resources.rollback.row_events import send_events

PIECE = 32 << 20
"""Bytes of rows in one transaction of the private server, and in one lane's hands."""

# Settings of the private server while it is a source of rows. Without checksums an event can be
# sent on with its end-of-statement flag changed.
SOURCE_VARIABLES = {
    "innodb_force_recovery": "0",
    "log_bin": "ON",
    "binlog_checksum": "NONE",
    "binlog_row_image": "FULL",
    "binlog_row_event_max_size": "1048576",
    "binlog_transaction_compression": "OFF",
    "binlog_rows_query_log_events": "OFF",
    "binlog_encryption": "OFF",
    "sync_binlog": "0",
    # A piece fits in it; what does not goes through a temporary file.
    "binlog_cache_size": str(PIECE + PIECE // 4),
}


@dataclass
class _Progress:
    """Of one table: how many of its pieces are on their way."""

    name: str
    open: int = 0
    all_made: bool = False


@dataclass
class Piece:
    """Rows of one table as binary log files, which are gone as soon as they are closed."""

    table: _Progress
    files: list[IO[bytes]] = field(default_factory=list)


def prepare_source(source: PrivateServer) -> None:
    """Have the private server write a binary log, which a proof's server does not: one restart."""
    if source.is_running:
        with source.connect() as connection:
            if int(value(connection, "SELECT @@log_bin")) and not _checksums(connection):
                return
        source.stop()
    source.variables.update(SOURCE_VARIABLES)
    source.start(skip_grants=True)


def _checksums(connection: Connection) -> bool:
    return str(value(connection, "SELECT @@binlog_checksum")) != "NONE"


class EventCarrier:
    """All rows of tables of source `database` into the target's empty ones of the same columns.

    `pieces` makes them, one at a time; `carry` may be called by several threads at once.
    """

    def __init__(self, source: PrivateServer, database: str, side: str) -> None:
        self._source, self._database, self._side = source, database, side
        self._lock = threading.Lock()

    def pieces(self, tables: Sequence[str]) -> Iterator[Piece]:
        """Raises pymysql errors of the private server."""
        with self._source.connect() as connection:
            # The flags travel in the events: the target does as this session.
            execute(connection, "SET SESSION foreign_key_checks = 0, unique_checks = 0, sql_mode = ''")
            # Else INSERT … SELECT locks every row that it reads; nobody else writes here.
            execute(connection, "SET SESSION transaction_isolation = 'READ-COMMITTED'")
            execute(connection, f"DROP DATABASE IF EXISTS {quoted(self._side)}")
            execute(connection, f"CREATE DATABASE {quoted(self._side)}")
            for table in tables:
                yield from self._pieces_of(connection, table)
            execute(connection, f"DROP DATABASE {quoted(self._side)}")

    def _pieces_of(self, connection: Connection, table: str) -> Iterator[Piece]:
        origin, copy = f"{quoted(self._database)}.{quoted(table)}", f"{quoted(self._side)}.{quoted(table)}"
        columns = ", ".join(quoted(name) for name in _columns(connection, self._database, table))
        _make_copy(connection, copy, f"SELECT {columns} FROM {origin} LIMIT 0")
        state, first = _Progress(table), _new_file(connection)
        for part in key_ranges(connection, self._database, table, PIECE):
            execute(
                connection,
                f"INSERT INTO {copy} ({columns}) SELECT {columns} FROM {origin} WHERE {part.condition}",
            )
            last = _new_file(connection)
            names = [name for name, *_ in rows(connection, "SHOW BINARY LOGS") if first <= name < last]
            piece = Piece(state, [(self._source.datadir / name).open("rb") for name in names])
            # Open files can be read to their end.
            execute(connection, f"PURGE BINARY LOGS TO '{last}'")
            with self._lock:
                state.open += 1
                state.all_made = part.is_last
            yield piece
            first = last
        execute(connection, f"DROP TABLE {copy}")

    def carry(self, piece: Piece, target: Connection, step: Step) -> str | None:
        """Send a piece. Returns the table's name when it was the last one of it to arrive."""
        with ExitStack() as stack:
            for file in piece.files:
                stack.enter_context(file)
            for file in piece.files:
                send_events(file, target, step)
        with self._lock:
            piece.table.open -= 1
            complete = piece.table.all_made and piece.table.open == 0
        return piece.table.name if complete else None


def _make_copy(connection: Connection, name: str, select: str) -> None:
    """A table of the same columns, all of them plain ones: generated values travel as values."""
    execute(connection, "SET SESSION sql_log_bin = 0")
    try:
        execute(connection, f"CREATE TABLE {name} ENGINE=BLACKHOLE AS {select}")
    except pymysql.err.MySQLError:
        # It knows no spatial reference systems, and need not be there at all.
        execute(connection, f"CREATE TABLE {name} ENGINE=InnoDB AS {select}")
    finally:
        execute(connection, "SET SESSION sql_log_bin = 1")


def _columns(connection: Connection, database: str, table: str) -> list[str]:
    """All of them in their order, invisible and generated ones too."""
    return _names_of(connection, database, table, "TRUE")


def stored_columns(connection: Connection, database: str, table: str) -> list[str]:
    """Columns that take a value on INSERT: invisible ones too, generated ones not."""
    return _names_of(connection, database, table, "generation_expression = ''")


def _names_of(connection: Connection, database: str, table: str, condition: str) -> list[str]:
    found = rows(
        connection,
        "SELECT column_name FROM information_schema.columns"
        f" WHERE table_schema = %s AND table_name = %s AND {condition} ORDER BY ordinal_position",
        (database, table),
    )
    return [name for (name,) in found]


def _new_file(connection: Connection) -> str:
    """Begin a new binary log file and return its name."""
    execute(connection, "FLUSH BINARY LOGS")
    return str(rows(connection, "SHOW BINARY LOGS")[-1][0])
