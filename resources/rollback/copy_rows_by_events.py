"""Rows from a private server into the target as row events: exact, whatever the type.

A dump's text changes FLOAT and the types inside JSON; a row event carries the stored
bytes. The private server writes the rows into a binary log of its own by copying each
table; its events go to the target in `BINLOG` statements, as mysqlbinlog would send them.
mysqlbinlog itself makes one statement of each INSERT, which for a large table is larger
than any server accepts; here a statement is cut wherever it grows too large.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from pathlib import Path

from resources.mysql.connection import Connection, execute, quoted, rows, value
from resources.mysql.server import PrivateServer
from resources.progress import Step

# Settings of the private server while it is a source of rows. Without checksums an event can be
# sent on with its end-of-statement flag changed.
SOURCE_VARIABLES = {
    "log_bin": "ON",
    "binlog_checksum": "NONE",
    "binlog_row_image": "FULL",
    "binlog_row_event_max_size": "1048576",
    "binlog_transaction_compression": "OFF",
    "binlog_rows_query_log_events": "OFF",
    "binlog_encryption": "OFF",
    "sync_binlog": "0",
    # The copy of a table is one transaction; what does not fit here goes through a temporary file.
    "binlog_cache_size": "16777216",
}

_MAGIC = b"\xfebin"
_HEADER = 19
_FORMAT, _TABLE_MAP, _WRITE_ROWS = 15, 19, 30
_TYPE, _SIZE, _FLAGS = 4, slice(9, 13), _HEADER + 6
_STATEMENT_END = 1
_COMMIT_EVERY = 64 << 20
"""Bytes of events in one transaction on the target."""
# Base64 makes 4 bytes of 3; the rest is room for the statement's other words.
_LARGEST_SHARE = 0.5
_WANTED = 4 << 20


def prepare_source(source: PrivateServer) -> None:
    """Have the private server write a binary log, which a proof's server does not: one restart."""
    wanted = dict(SOURCE_VARIABLES)
    with source.connect() as connection:
        if int(value(connection, "SELECT @@log_bin")) and not _checksums(connection):
            return
    source.stop()
    source.variables.update(wanted)
    source.start(skip_grants=True)


def _checksums(connection: Connection) -> bool:
    return str(value(connection, "SELECT @@binlog_checksum")) != "NONE"


def carry_table(
    source: PrivateServer, database: str, side: str, table: str, target: Connection, step: Step
) -> None:
    """Copy all rows of source `database`.`table` into the target's empty `side`.`table`.

    The target's table must have the same columns. Raises pymysql errors of either server.
    """
    with source.connect() as connection:
        execute(connection, "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0")
        origin, copy = f"{quoted(database)}.{quoted(table)}", f"{quoted(side)}.{quoted(table)}"
        execute(connection, f"DROP TABLE IF EXISTS {copy}")
        execute(connection, f"CREATE TABLE {copy} LIKE {origin}")
        first = _new_file(connection)
        columns = ", ".join(quoted(name) for name in stored_columns(connection, database, table))
        execute(connection, f"INSERT INTO {copy} ({columns}) SELECT {columns} FROM {origin}")
        last = _new_file(connection)
        files = [name for name, *_ in rows(connection, "SHOW BINARY LOGS") if first <= name < last]
        try:
            for name in files:
                _send(source.datadir / name, target, step)
        finally:
            execute(connection, f"PURGE BINARY LOGS TO '{last}'")
            execute(connection, f"DROP TABLE {copy}")


def stored_columns(connection: Connection, database: str, table: str) -> list[str]:
    """Columns that take a value on INSERT: invisible ones too, generated ones not."""
    found = rows(
        connection,
        "SELECT column_name FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = %s AND generation_expression = ''"
        " ORDER BY ordinal_position",
        (database, table),
    )
    return [name for (name,) in found]


def _new_file(connection: Connection) -> str:
    """Begin a new binary log file and return its name."""
    execute(connection, "FLUSH BINARY LOGS")
    return str(rows(connection, "SHOW BINARY LOGS")[-1][0])


def _send(path: Path, target: Connection, step: Step) -> None:
    largest = int(value(target, "SELECT @@max_allowed_packet")) * _LARGEST_SHARE
    wanted = int(min(largest, _WANTED))
    sent = 0
    open_transaction = False
    table_map = b""
    group: list[bytearray] = []
    size = 0

    def flush() -> None:
        nonlocal size, sent
        if not group:
            return
        # The last event of a statement carries the flag that closes its tables.
        for event in group:
            event[_FLAGS] &= ~_STATEMENT_END
        group[-1][_FLAGS] |= _STATEMENT_END
        _binlog(target, table_map, *group)
        sent += size
        step.advance(size)
        group.clear()
        size = 0

    for event in _events(path):
        kind = event[_TYPE]
        if kind == _FORMAT:
            _binlog(target, bytes(event))
            # After a format event the session waits to be told which transaction it repeats: none.
            execute(target, "SET SESSION gtid_next = 'AUTOMATIC'")
        elif kind == _TABLE_MAP:
            flush()
            table_map = bytes(event)
        elif kind == _WRITE_ROWS:
            if not open_transaction:
                execute(target, "BEGIN")
                open_transaction = True
            if group and size + len(event) > wanted:
                flush()
                if sent > _COMMIT_EVERY:
                    execute(target, "COMMIT")
                    execute(target, "BEGIN")
                    sent = 0
            group.append(event)
            size += len(event)
    flush()
    if open_transaction:
        execute(target, "COMMIT")


def _events(path: Path) -> Iterator[bytearray]:
    """The events of a binary log file, one at a time."""
    with path.open("rb") as file:
        if file.read(4) != _MAGIC:
            raise ValueError(f"{path} is not a binary log")
        while header := file.read(_HEADER):
            length = int.from_bytes(header[_SIZE], "little")
            event = bytearray(header)
            event += file.read(length - _HEADER)
            if len(event) != length:
                raise ValueError(f"{path} ends inside an event")
            yield event


def _binlog(target: Connection, *events: bytes | bytearray) -> None:
    text = base64.b64encode(b"".join(events)).decode()
    execute(target, f"BINLOG '{text}'")
