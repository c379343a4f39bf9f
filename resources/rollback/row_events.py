"""Sending the row events of a binary log file to a server, in statements that it accepts.

mysqlbinlog makes one statement of each INSERT, which for a large table is larger than any
server accepts; here a statement is cut wherever it grows too large.
"""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import IO, cast

import pymysql

from resources.errors import RestoreFailedError
from resources.mysql.connection import Connection, execute, is_denied, value
from resources.progress import Step

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
_WORDS, _MB = 1000, 1 << 20


def may_apply_events(connection: Connection) -> bool:
    try:
        execute(connection, "SET SESSION gtid_next = 'AUTOMATIC'")
        execute(connection, "BINLOG ''")
    except pymysql.err.MySQLError as error:
        # Past the privilege check the empty statement is a syntax error.
        return not is_denied(error)
    return True


def send_events(file: IO[bytes], target: Connection, step: Step) -> None:
    """Apply what a binary log file inserts.

    Raises RestoreFailedError for a row that the server takes in no statement, ValueError for
    another file, pymysql errors.
    """
    packet = int(value(target, "SELECT @@max_allowed_packet"))
    wanted = int(min(packet * _LARGEST_SHARE, _WANTED))
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

    for event in _events(file):
        kind = event[_TYPE]
        if kind == _FORMAT:
            _binlog(target, bytes(event))
            # After a format event the session waits to be told which transaction it repeats: none.
            execute(target, "SET SESSION gtid_next = 'AUTOMATIC'")
        elif kind == _TABLE_MAP:
            flush()
            table_map = bytes(event)
        elif kind == _WRITE_ROWS:
            _require_fit(len(table_map) + len(event), packet)
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


def _events(file: IO[bytes]) -> Iterator[bytearray]:
    """The events of a binary log file, one at a time."""
    if file.read(4) != _MAGIC:
        raise ValueError(f"{file.name} is not a binary log")
    while header := file.read(_HEADER):
        length = int.from_bytes(header[_SIZE], "little")
        event = bytearray(header)
        event += file.read(length - _HEADER)
        if len(event) != length:
            raise ValueError(f"{file.name} ends inside an event")
        yield event


def _require_fit(length: int, packet: int) -> None:
    """The server would drop the connection without a word of why."""
    needed = length * 4 // 3 + _WORDS
    if needed > packet:
        raise RestoreFailedError(
            f"a row of {length / 1e6:.0f} MB is larger than what the server takes in a statement",
            where=f"max_allowed_packet = {packet}",
            why=f"sent as text of its bytes it has {needed}",
            hint=f"SET GLOBAL max_allowed_packet = {-(-needed // _MB) * _MB}",
        )


def _binlog(target: Connection, *events: bytes | bytearray) -> None:
    with target.cursor() as cursor:
        # Bytes: the text of it would be copied twice more for each statement of some megabytes.
        cursor.execute(cast(str, b"BINLOG '%b'" % base64.b64encode(b"".join(events))))
