"""The one moment in which tables change places: all of them, in one RENAME, under their locks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pymysql

from resources.errors import DbsyncError, RestoreFailedError
from resources.mysql.connection import Connection, execute, quoted, rows
from resources.mysql.digest import TableDigest, table_digest
from resources.mysql.schema import table_names
from resources.rollback.foreign_keys import ForeignKey, children_of, foreign_keys
from resources.rollback.objects import (
    Definition,
    Objects,
    equalise_foreign_keys,
    equalise_triggers,
    read_triggers,
    read_views,
    replace_foreign_keys,
    table_text,
)
from resources.rollback.orphans import coming_orphans, orphans
from resources.rollback.side import MARKER, Plan, SideNames, update_marker
from resources.rollback.stripped import FACT, Stripped, mend, put_on_again, strip
from resources.rollback.unchanged import Seen, counts_everything, is_unwritten, look_at

BeforeSwap = Callable[[Mapping[str, int]], Mapping[str, Any] | None]

_LOCK_WAIT = 1205
_SMALL = 10_000
"""Rows that are read in no time."""


class TablesInUseError(RestoreFailedError):
    """A lock that the swap needs was not granted in time; nothing was changed."""


def outside_keys(connection: Connection, database: str, tables: set[str]) -> list[tuple[str, str, str]]:
    """Foreign keys in other databases that point at `tables`: (database, table, clause)."""
    found = rows(
        connection,
        "SELECT DISTINCT table_schema, table_name FROM information_schema.key_column_usage"
        " WHERE referenced_table_schema = %s AND table_schema <> %s",
        (database, database),
    )
    return [
        (schema, table, key.clause)
        for schema, table in found
        if "__dbsync_" not in schema
        for key in foreign_keys(table_text(connection, schema, table))
        if key.database == database and key.table in tables
    ]


def swap(
    connection: Connection,
    other: Connection,
    database: str,
    names: SideNames,
    plan: Plan,
    wanted: Mapping[str, str],
    objects: Objects,
    digests: Mapping[str, TableDigest],
    before_swap: BeforeSwap,
    seen: Mapping[str, Seen] | None = None,
    *,
    judges_parents: bool = False,
) -> None:
    """Put `plan.tables` from the side database into place, and what was there into the aside one.

    `wanted`: every table of the old state, name → text. `digests`: what the coming tables
    must hold, judged while nobody can write to them; `seen`: what was known of them when those
    were read. `judges_parents`: rows that come and whose parent is not there count as orphans
    too. `before_swap` is called when nobody
    can write to the present tables any more either, with the orphans that the swap would
    make; what it raises stops the swap with nothing changed, what it returns is kept in
    the marker. Triggers and foreign keys change under the same locks, so no user ever
    writes without them, and are put on again where the swap does not happen. `other`: a
    second connection. Raises RestoreFailedError for a lock that was not granted in time
    or for other rows than `digests`, pymysql errors otherwise.
    """
    existing = set(table_names(connection, database))
    going = [table for table in plan.tables if table in existing]
    coming = [table for table in plan.tables if table in wanted]
    moved = set(plan.tables)
    texts = {table: table_text(connection, database, table) for table in existing}
    children = {name: keys for name, keys in children_of(texts, moved).items() if name not in moved}
    parents = {key.table for table in coming for key in foreign_keys(wanted[table]) if key.database is None}
    later_children = set(children_of(wanted, moved)) - moved
    locked = [
        *((database, table) for table in sorted({*going, *children, *((parents | later_children) - moved)})),
        *((names.side, table) for table in [*coming, MARKER]),
        *sorted({(schema, table) for schema, table, _ in plan.outside_keys}),
    ]
    views = read_views(connection, database, coming)  # a session that holds locks cannot
    execute(connection, "SET SESSION foreign_key_checks = 0")
    _lock(connection, [one for one in locked if one[0] != database or one[1] in existing])
    stripped = None
    try:
        _require_rows(connection, other, names.side, digests, seen or {})
        pointing = {(database, table): keys for table, keys in children.items()}
        for schema, table, clause in plan.outside_keys:
            pointing.setdefault((schema, table), []).extend(foreign_keys(f"  {clause}"))
        present, old = {t: texts[t] for t in going}, {t: wanted[t] for t in coming}
        lonely = orphans(connection, database, names.side, pointing, present, old)
        if judges_parents:
            staying = {table: text for table, text in texts.items() if table not in moved}
            lonely |= coming_orphans(connection, database, names.side, old, staying)
        facts = dict(before_swap(lonely) or {})
        stripped = _to_strip(connection, database, plan, texts, children, going, views)
        # Moves with the tables: whoever finishes a killed swap must know it.
        facts |= {"verified": True, FACT: stripped.encode()}
        update_marker(connection, names, replace(plan, facts=facts))
        strip(connection, other, database, stripped)
        execute(connection, "RENAME TABLE " + ", ".join(_renames(database, names, going, coming)))
        stripped = None
        finish_locked(connection, database, plan, wanted, objects, {*coming, *children, *later_children})
    except BaseException:
        if stripped is not None and connection.open:
            # Where this fails the marker still says what is off.
            with suppress(pymysql.err.MySQLError, DbsyncError):
                put_on_again(connection, database, stripped)
            with suppress(pymysql.err.MySQLError, DbsyncError):
                execute(connection, "UNLOCK TABLES")
                mend(connection, database, names)
        raise
    finally:
        if connection.open:
            execute(connection, "UNLOCK TABLES")


def _to_strip(
    connection: Connection,
    database: str,
    plan: Plan,
    texts: Mapping[str, str],
    children: Mapping[str, list[ForeignKey]],
    going: list[str],
    views: list[Definition],
) -> Stripped:
    # A key left on a table that is put aside would go on guarding the users' tables; one that
    # points at a table follows it into the other database.
    keys = {(database, table): foreign_keys(texts[table]) for table in going}
    keys |= {(database, table): found for table, found in children.items()}
    for schema, table, clause in plan.outside_keys:
        has = foreign_keys(table_text(connection, schema, table))
        keys.setdefault((schema, table), []).extend(key for key in has if key.clause == clause)
    return Stripped(
        {place: tuple(key.clause for key in found) for place, found in keys.items() if found},
        tuple(read_triggers(connection, database, going)),
        tuple(going),
        tuple(views),
    )


def _require_rows(
    connection: Connection,
    other: Connection,
    side: str,
    digests: Mapping[str, TableDigest],
    seen: Mapping[str, Seen],
) -> None:
    # A session that holds locks may not read the server's counters.
    now = look_at(other, side) if seen and counts_everything(other) else {}
    for table, wanted in digests.items():
        untouched = table in seen and table in now and is_unwritten(seen[table], now[table])
        # Users wait: what is large is read again only where it may have changed.
        if untouched and wanted.rows > _SMALL:
            continue
        found = table_digest(connection, side, table)
        if found != wanted:
            raise RestoreFailedError(
                f"rows of `{table}` were changed before they could be put back; nothing was changed",
                where=f"database {side}",
                why=f"expected {wanted}, got {found}",
                hint="type the command again",
            )


def finish_locked(
    connection: Connection,
    database: str,
    plan: Plan,
    wanted: Mapping[str, str],
    objects: Objects,
    tables: set[str],
) -> None:
    """Keys and triggers of `tables`; may be repeated."""
    execute(connection, "SET SESSION foreign_key_checks = 0")
    equalise_foreign_keys(connection, database, dict(wanted), sorted(tables & set(wanted)))
    for schema, table, clause in plan.outside_keys:
        _add_outside_key(connection, schema, table, clause)
    equalise_triggers(connection, database, objects.triggers, tables)


def _renames(database: str, names: SideNames, going: list[str], coming: list[str]) -> list[str]:
    def move(table: str, origin: str, destination: str) -> str:
        return f"{quoted(origin)}.{quoted(table)} TO {quoted(destination)}.{quoted(table)}"

    return [
        *(move(table, database, names.aside) for table in going),
        *(move(table, names.side, database) for table in coming),
        move(MARKER, names.side, names.aside),
    ]


def _lock(connection: Connection, tables: list[tuple[str, str]]) -> None:
    wanted = ", ".join(f"{quoted(schema)}.{quoted(table)} WRITE" for schema, table in tables)
    try:
        execute(connection, f"LOCK TABLES {wanted}")
    except pymysql.err.OperationalError as error:
        if error.args[0] != _LOCK_WAIT:
            raise
        raise TablesInUseError(
            "the tables could not be locked for the swap; nothing was changed",
            where=", ".join(f"{schema}.{table}" for schema, table in tables[:5]),
            why=str(error.args[-1]),
            hint="end the long transaction that uses them (SHOW PROCESSLIST), then type the command again",
        ) from error


def _add_outside_key(connection: Connection, schema: str, table: str, clause: str) -> None:
    if all(key.clause != clause for key in foreign_keys(table_text(connection, schema, table))):
        replace_foreign_keys(connection, schema, table, [], foreign_keys(f"  {clause}"))
