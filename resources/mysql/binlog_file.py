"""One binary log file, event by event: every byte accounted for, every checksum compared."""

from __future__ import annotations

import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from resources.mysql.binlog_event import FORMAT, HEADER

MAGIC = b"\xfebin"
LONGEST_BODY = 16 << 20
"""Bytes of an event that are kept; of a larger one only the beginning."""
_BLOCK = 1 << 20
_IN_USE = 1
"""Flag of a file that the server still writes to, or did when it crashed."""
_CRC32, _NONE = 1, 0
_FLAGS = 17
_WRAP = 1 << 32
"""Positions inside events have 32 bits; a transaction may be larger than that."""


class BinlogDamagedError(Exception):
    """The bytes are not a whole binary log; says where, what was expected and what is there."""

    def __init__(self, position: int, expected: str, actual: str) -> None:
        super().__init__(f"position {position}: expected {expected}, actual {actual}")
        self.expected = f"{expected} at position {position}"
        self.actual = actual
        self.file = ""
        """Set by who knows it."""


@dataclass(frozen=True, slots=True)
class Event:
    kind: int
    written: int
    """Seconds since 1970, UTC, by the server's clock."""
    start: int
    end: int
    body: bytes
    """Without header and checksum; empty for kinds that were not asked for."""


def read_events(stream: BinaryIO, wanted: Collection[int], length: int | None = None) -> Iterator[Event]:
    """The events of a file, in order. Memory: LONGEST_BODY.

    `length`: read so many bytes only, which must be whole events. Raises BinlogDamagedError.
    """
    magic = stream.read(len(MAGIC))
    if magic != MAGIC:
        raise BinlogDamagedError(0, f"a binary log ({MAGIC.hex()})", magic.hex() or "an empty file")
    position, checksums = len(MAGIC), True
    while length is None or position < length:
        header = stream.read(HEADER)
        if not header and length is None:
            return
        if len(header) < HEADER:
            raise BinlogDamagedError(position, f"{HEADER} bytes of a header", f"{len(header)} bytes")
        kind, size = header[4], int.from_bytes(header[9:13], "little")
        end = int.from_bytes(header[13:17], "little")
        if size < HEADER:
            raise BinlogDamagedError(position, "the length of an event", f"{size}")
        if end != (position + size) % _WRAP:
            raise BinlogDamagedError(position, f"end position {position + size:,}", f"{end:,}")
        if position == len(MAGIC) and kind != FORMAT:
            raise BinlogDamagedError(position, "a format description", f"an event of type {kind}")
        keep = min(size - HEADER, LONGEST_BODY) if kind in wanted or kind == FORMAT else 0
        body, crc = _body(stream, header, size - HEADER, keep, position)
        if kind == FORMAT:
            checksums = body[-5] == _CRC32
        # The format description has a checksum always.
        if checksums or kind == FORMAT:
            stored = int.from_bytes(crc[1], "little")
            if crc[0] != stored:
                raise BinlogDamagedError(position, f"CRC32 {stored:08x}", f"{crc[0]:08x}")
            body = body[: max(0, size - HEADER - 4)]
        yield Event(kind, int.from_bytes(header[:4], "little"), position, position + size, body)
        position += size


def _body(
    stream: BinaryIO, header: bytes, size: int, keep: int, position: int
) -> tuple[bytes, tuple[int, bytes]]:
    """(the first `keep` bytes, (the CRC32 of all but the last four, those four))."""
    if header[4] == FORMAT and header[_FLAGS] & _IN_USE:
        # The flag is set and cleared in place; the checksum is that without it.
        header = header[:_FLAGS] + bytes([header[_FLAGS] & ~_IN_USE]) + header[_FLAGS + 1 :]
    crc, kept, tail, left = zlib.crc32(header), b"", b"", size
    while left:
        block = stream.read(min(left, _BLOCK))
        if not block:
            raise BinlogDamagedError(
                position, f"{size + HEADER:,} bytes of an event", f"{size + HEADER - left:,} bytes"
            )
        left -= len(block)
        if len(kept) < keep:
            kept += block[: keep - len(kept)]
        block = tail + block
        tail = block[-4:]
        crc = zlib.crc32(block[:-4], crc)
    return kept, (crc, tail)
