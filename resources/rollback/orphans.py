"""Rows of users that would point at nothing: their parents are not among the old rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from resources.mysql.connection import Connection, quoted, value
from resources.rollback.foreign_keys import ForeignKey


def orphans(
    connection: Connection,
    database: str,
    side: str,
    children: Mapping[str, list[ForeignKey]],
    coming: Collection[str],
) -> dict[str, int]:
    """Rows of `children`, which stay, whose parent is in the present table and not in the one
    that replaces it, by "child → parent". No aliases: the session holds these tables' locks."""
    found: dict[str, int] = {}
    for child, keys in children.items():
        for key in keys:
            if key.table not in coming:
                continue
            here = f"{quoted(database)}.{quoted(child)}"
            present, old = f"{quoted(database)}.{quoted(key.table)}", f"{quoted(side)}.{quoted(key.table)}"
            refers = " AND ".join(
                f"{here}.{mine} = {present}.{theirs}"
                for mine, theirs in zip(key.columns, key.referenced, strict=True)
            )
            same = " AND ".join(f"{old}.{column} = {present}.{column}" for column in key.referenced)
            # In this order it costs what the parents cost: the children are found by their index.
            number = int(
                value(
                    connection,
                    f"SELECT STRAIGHT_JOIN COUNT(*) FROM {present} LEFT JOIN {old} ON {same}"
                    f" JOIN {here} ON {refers} WHERE {old}.{key.referenced[0]} IS NULL",
                )
            )
            if number:
                name = f"{child} → {key.table}"
                found[name] = found.get(name, 0) + number
    return found
