"""Giving a copied tablespace file a number of its own, before a server could find it.

A private copy is a clone, so the files in it carry the numbers of the tables they were cloned
from. Two files of one number in its data folder, and MySQL does not start any more ("Multiple
files found for the same tablespace ID"). Until IMPORT TABLESPACE has given the file the number
of its new table, a crash of the server would leave it in just that state; so the file gets,
before it is given its name there, a number that no table has or will have.

Layout (MySQL's fil0types.h, fsp0fsp.h): the number is at byte 34 of every page and, in the first
one, at byte 38 again, which the page's checksum covers; the checksum (CRC-32C of bytes 4 to 26
xor that of bytes 38 to the last 8) is at byte 0 and 8 bytes before the end.
"""

from __future__ import annotations

import secrets
from pathlib import Path
from typing import BinaryIO

_CHECKSUM, _OLD_CHECKSUM = slice(0, 4), slice(-8, -4)
_PAGE_NUMBER, _FILE_NUMBER = slice(34, 38), slice(38, 42)
_HEAD, _BODY = slice(4, 26), slice(38, -8)
_FIRST, _BITS = 0xD0000000, 28
"""Servers count up from 1; their reserved numbers begin at 0xFFF00000."""
_POLYNOMIAL = 0x82F63B78


class UnknownPageError(Exception):
    """The file's first page is not one whose checksum can be written anew; the text says why."""


def renumber(path: Path, page_size: int) -> None:
    """Give the tablespace file a random unused number. `page_size` in bytes.

    IMPORT TABLESPACE replaces it by the table's. Raises UnknownPageError with the file unchanged.
    """
    number = (_FIRST + secrets.randbits(_BITS)).to_bytes(4, "big")
    with path.open("r+b") as file:
        page = _first_page(file, page_size)
        page[_PAGE_NUMBER] = page[_FILE_NUMBER] = number
        page[_CHECKSUM] = page[_OLD_CHECKSUM] = _checksum(page)
        file.seek(0)
        file.write(page)


def require_known_page(path: Path, page_size: int) -> None:
    """Raises UnknownPageError where `renumber` would."""
    with path.open("rb") as file:
        _first_page(file, page_size)


def _first_page(file: BinaryIO, page_size: int) -> bytearray:
    page = bytearray(file.read(page_size))
    if len(page) != page_size or page[_PAGE_NUMBER] != page[_FILE_NUMBER]:
        raise UnknownPageError("its first page is not laid out as expected")
    if _checksum(page) != page[_CHECKSUM]:
        raise UnknownPageError("its first page has a checksum other than CRC-32C")
    return page


def _checksum(page: bytearray) -> bytes:
    return (_crc32c(page[_HEAD]) ^ _crc32c(page[_BODY])).to_bytes(4, "big")


def _crc32c(data: bytearray) -> int:
    crc = 0xFFFFFFFF
    for byte in data:
        crc = (crc >> 8) ^ _TABLE[(crc ^ byte) & 0xFF]
    return crc ^ 0xFFFFFFFF


def _remainder(byte: int) -> int:
    for _ in range(8):
        byte = (byte >> 1) ^ (_POLYNOMIAL if byte & 1 else 0)
    return byte


_TABLE = [_remainder(byte) for byte in range(256)]
