"""Prisma's names for keys, cut to the 64 characters that MySQL allows."""

from __future__ import annotations

from collections.abc import Sequence

_LONGEST = 64


def unique_name(table: str, columns: Sequence[str]) -> str:
    return _name(table, columns, "_key")


def index_name(table: str, columns: Sequence[str]) -> str:
    return _name(table, columns, "_idx")


def foreign_key_name(table: str, columns: Sequence[str]) -> str:
    return _name(table, columns, "_fkey")


def _name(table: str, columns: Sequence[str], suffix: str) -> str:
    # Prisma counts bytes, and cuts before a character that would be split.
    whole = f"{table}_{'_'.join(columns)}".encode()
    return whole[: _LONGEST - len(suffix)].decode("utf-8", "ignore") + suffix
