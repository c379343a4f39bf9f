"""Rows that would point at nothing once old tables are in place, on either side of a foreign key."""

from __future__ import annotations

from collections.abc import Mapping

from resources.mysql.connection import Connection, quoted, value
from resources.rollback.foreign_keys import ForeignKey, foreign_keys


def orphans(
    connection: Connection,
    database: str,
    side: str,
    children: Mapping[tuple[str, str], list[ForeignKey]],
    present: Mapping[str, str],
    old: Mapping[str, str],
) -> dict[str, int]:
    """Rows of `children` ((database, table) → keys), which stay, whose parent is in the present
    table and not in the old one that replaces it, by "child → parent".

    `present`, `old`: name → text. No aliases: the session holds these tables' locks.
    """
    found: dict[str, int] = {}
    for (schema, child), keys in children.items():
        for key in keys:
            if not _has(present, key) or not _has(old, key):
                continue  # then the server let nobody insert a row that points there
            here = f"{quoted(schema)}.{quoted(child)}"
            now, before = f"{quoted(database)}.{quoted(key.table)}", f"{quoted(side)}.{quoted(key.table)}"
            refers = _refers(key, here, now)
            same = " AND ".join(f"{before}.{column} = {now}.{column}" for column in key.referenced)
            # In this order it costs what the parents cost: the children are found by their index.
            number = int(
                value(
                    connection,
                    f"SELECT STRAIGHT_JOIN COUNT(*) FROM {now} LEFT JOIN {before} ON {same}"
                    f" JOIN {here} ON {refers} WHERE {before}.{key.referenced[0]} IS NULL",
                )
            )
            if number:
                name = f"{child if schema == database else f'{schema}.{child}'} → {key.table}"
                found[name] = found.get(name, 0) + number
    return found


def coming_orphans(
    connection: Connection, database: str, side: str, coming: Mapping[str, str], parents: Mapping[str, str]
) -> dict[str, int]:
    """Rows of the `coming` tables whose parent stays as it is and does not have theirs, by "child → parent".

    `coming`, `parents`: name → text. No aliases: the session holds these tables' locks.
    """
    found: dict[str, int] = {}
    for child, text in coming.items():
        for key in foreign_keys(text):
            if key.database is not None or key.table in coming or not _has(parents, key):
                continue
            here, there = f"{quoted(side)}.{quoted(child)}", f"{quoted(database)}.{quoted(key.table)}"
            refers = _refers(key, here, there)
            # A key with a NULL in it points at nothing on purpose.
            given = " AND ".join(f"{here}.{mine} IS NOT NULL" for mine in key.columns)
            number = int(
                value(
                    connection,
                    f"SELECT COUNT(*) FROM {here} LEFT JOIN {there} ON {refers}"
                    f" WHERE {given} AND {there}.{key.referenced[0]} IS NULL",
                )
            )
            if number:
                found[f"{child} → {key.table}"] = number
    return found


def _refers(key: ForeignKey, child: str, parent: str) -> str:
    """The condition that a row of `child` points at one of `parent`; both as they stand in SQL."""
    pairs = zip(key.columns, key.referenced, strict=True)
    return " AND ".join(f"{child}.{mine} = {parent}.{theirs}" for mine, theirs in pairs)


def _has(tables: Mapping[str, str], key: ForeignKey) -> bool:
    lines = tables.get(key.table, "").split("\n")
    return all(any(line.startswith(f"  {column} ") for line in lines) for column in key.referenced)
