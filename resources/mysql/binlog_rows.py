"""Which tables the row events of a binary log are of, and single texts of their rows.

Rows as such are not read here. The one exception is Prisma's own table, in which the
names of migrations are looked for.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from resources.mysql.binlog_event import HEADER

_VARCHAR, _STRING, _DATETIME, _TIMESTAMP = 15, 254, 18, 17
# Bytes of metadata by column type: BIT, DECIMAL, the strings, the BLOBs, the times.
_METADATA = {4: 1, 5: 1, _VARCHAR: 2, 16: 2, _TIMESTAMP: 1, _DATETIME: 1, 19: 1, 242: 1, 245: 1, 246: 2}
_METADATA |= {247: 2, 248: 2, 252: 1, 253: 2, _STRING: 2, 255: 1}
_FIXED = {1: 1, 2: 2, 3: 4, 8: 8, 9: 3, 13: 1}
"""Bytes of the integers and of YEAR."""


@dataclass(frozen=True)
class TableMap:
    database: str
    table: str
    types: bytes
    metadata: tuple[int, ...]


def table_map(body: bytes) -> TableMap:
    length = body[8]
    database = body[9 : 9 + length].decode(errors="replace")
    place = 10 + length
    length = body[place]
    table = body[place + 1 : place + 1 + length].decode(errors="replace")
    columns, place = _packed(body, place + 2 + length)
    types = body[place : place + columns]
    _, place = _packed(body, place + columns)
    metadata = []
    for kind in types:
        width = _METADATA.get(kind, 0)
        metadata.append(int.from_bytes(body[place : place + width], "little"))
        place += width
    return TableMap(database, table, types, tuple(metadata))


def texts_of_column(body: bytes, table: TableMap, column: int) -> Iterator[str]:
    """The VARCHAR at place `column` (from 0) of each inserted row of a Write_rows event.

    Only where what lies before it is of types that Prisma's own table has; else nothing.
    """
    place = 8 + int.from_bytes(body[8:10], "little")
    columns, place = _packed(body, place)
    present = body[place : place + (columns + 7) // 8]
    place += len(present)
    if len(table.types) <= column or table.types[column] != _VARCHAR:
        return
    if not all(present[number // 8] >> number % 8 & 1 for number in range(columns)):
        return
    while place < len(body):
        nulls = body[place : place + (columns + 7) // 8]
        place += len(nulls)
        for number, kind in enumerate(table.types):
            if nulls[number // 8] >> number % 8 & 1:
                continue
            width, length = _width(body, place, kind, table.metadata[number])
            if not width:
                return
            if number == column:
                yield body[place + width - length : place + width].decode(errors="replace")
            place += width


def _width(body: bytes, place: int, kind: int, metadata: int) -> tuple[int, int]:
    """(bytes of the value, those of them that are text); (0, 0) for a type not known here."""
    if kind in (_DATETIME, _TIMESTAMP):
        return (5 if kind == _DATETIME else 4) + (metadata + 1) // 2, 0
    if kind == _VARCHAR:
        prefix = 1 if metadata < 256 else 2
    elif kind == 252:
        prefix = metadata
    else:
        return _FIXED.get(kind, 0), 0
    length = int.from_bytes(body[place : place + prefix], "little")
    return prefix + length, length


def events_of_payload(body: bytes, longest: int) -> Iterator[tuple[int, bytes]]:
    """(kind, body) of the events inside a compressed transaction; nothing if it is larger than `longest`."""
    place, compressed = 0, True
    while body[place]:
        field, place = _packed(body, place)
        length, place = _packed(body, place)
        number, _ = _packed(body, place)
        place += length
        if field == 2:
            compressed = number == 0
        elif field == 3 and number > longest:
            return
    data = body[place + 1 :]
    if compressed:
        import zstandard

        data = zstandard.ZstdDecompressor().decompressobj().decompress(data)
    place = 0
    while place + HEADER <= len(data):
        size = int.from_bytes(data[place + 9 : place + 13], "little")
        yield data[place + 4], data[place + HEADER : place + size]
        place += size


def _packed(data: bytes, place: int) -> tuple[int, int]:
    """(a length-encoded number, the place after it)."""
    first = data[place]
    if first < 251:
        return first, place + 1
    width = {252: 2, 253: 3, 254: 8}[first]
    return int.from_bytes(data[place + 1 : place + 1 + width], "little"), place + 1 + width
