"""Prisma's checksum of a migration script, and when a stored one matches a file.

Prisma hashes the script as text, not as bytes: its command reads the file as UTF-8
and puts U+FFFD where a byte is not valid, so the hash is of that text.
"""

from __future__ import annotations

import hashlib

HEX_LENGTH = 64


def script_bytes(content: bytes) -> bytes:
    """The script as Prisma reads it and sends it: UTF-8, invalid bytes replaced, a BOM kept."""
    return content.decode("utf-8", "replace").encode()


def checksum(content: bytes) -> str:
    """SHA-256 of the script's text, 64 lowercase hexadecimal digits."""
    return hashlib.sha256(script_bytes(content)).hexdigest()


def matches(content: bytes, stored: str) -> bool:
    """Whether `stored` is this script's checksum; other line endings are not a change.

    As in Prisma's engine the replacements are naive: a file of mixed line endings
    that was stored when it was pure CRLF does not match.
    """
    text = script_bytes(content)
    variants = (text, text.replace(b"\r\n", b"\n"), text.replace(b"\n", b"\r\n"))
    return any(_same(hashlib.sha256(variant).digest(), stored) for variant in variants)


def _same(digest: bytes, stored: str) -> bool:
    if 0 < len(stored) != HEX_LENGTH:
        # Prisma 2.13 to 2.19 wrote each byte without its leading zero.
        return stored == "".join(f"{byte:x}" for byte in digest)
    return stored == digest.hex()
