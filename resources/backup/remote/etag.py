"""How a file is cut into parts, and the ETag that a service makes of them.

The ETag of an object is the MD5 of its bytes, or, of one that came in n parts, the MD5 of
the parts' MD5s and "-n". The service computes it from what it has received: it is the one
digest that can be asked for without reading everything back. (With server-side encryption
by a KMS key it is something else; what then decides is reading back.)
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

PART = 16 << 20
"""Bytes up to which a file goes in one request, and the size of its parts above that."""
_MOST_PARTS = 10_000


@dataclass(frozen=True)
class Part:
    """Piece `number` (from 1) of a file: `length` bytes from `offset`."""

    number: int
    offset: int
    length: int

    def read(self, source: Path) -> bytes:
        with source.open("rb") as stream:
            stream.seek(self.offset)
            data = stream.read(self.length)
        if len(data) != self.length:
            raise OSError(f"{source} became shorter while it was read")
        return data


def parts_of(length: int) -> Iterator[Part]:
    """Always the same for one length, or an unfinished upload could not be gone on with."""
    size = max(PART, -(-length // _MOST_PARTS))
    for number, offset in enumerate(range(0, length, size), 1):
        yield Part(number, offset, min(size, length - offset))


def md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def content_md5(digest: bytes) -> str:
    """The header by which a service refuses a body that was damaged on its way."""
    return base64.b64encode(digest).decode()


def etag_of_parts(digests: Sequence[bytes]) -> str:
    return f"{md5(b''.join(digests)).hex()}-{len(digests)}"


def expected_etag(source: Path) -> str:
    """Of a file as `put` would store it."""
    length = source.stat().st_size
    if length <= PART:
        return md5(source.read_bytes()).hex()
    return etag_of_parts([md5(part.read(source)) for part in parts_of(length)])
