"""The one moment in which tables change places: all of them, in one RENAME, under their locks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pymysql

from resources.errors import RestoreFailedError
from resources.mysql.connection import Connection, execute, quoted, rows
from resources.mysql.schema import table_names
from resources.rollback.foreign_keys import children_of, foreign_keys
from resources.rollback.objects import (
    Objects,
    equalise_foreign_keys,
    equalise_triggers,
    replace_foreign_keys,
    table_text,
)
from resources.rollback.side import MARKER, Plan, SideNames, update_marker

_LOCK_WAIT = 1205


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
    database: str,
    names: SideNames,
    plan: Plan,
    wanted: Mapping[str, str],
    objects: Objects,
    before_swap: Callable[[], Mapping[str, Any] | None],
) -> None:
    """Put `plan.tables` from the side database into place, and what was there into the aside one.

    `wanted`: every table of the old state, name → text. `before_swap` is called when nobody
    can write to the tables any more; what it raises stops the swap with nothing changed,
    what it returns is kept in the marker. Triggers and foreign keys change under the same
    locks, so no user ever writes without them. Raises RestoreFailedError for a lock that was
    not granted in time, pymysql errors otherwise.
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
    _drop_views_in_the_way(connection, database, set(coming))
    execute(connection, "SET SESSION foreign_key_checks = 0")
    _lock(connection, [one for one in locked if one[0] != database or one[1] in existing])
    try:
        facts = before_swap()
        if facts:
            # Moves with the tables: whoever finishes a killed swap must know it.
            update_marker(connection, names, replace(plan, facts=dict(facts)))
        _drop_triggers(connection, database, set(going))
        for table in going:
            # A key left on a table that is put aside would go on guarding the users' tables.
            replace_foreign_keys(connection, database, table, foreign_keys(texts[table]), [])
        for table, keys in children.items():
            # A key follows the table it points at into the other database.
            replace_foreign_keys(connection, database, table, keys, [])
        for schema, table, clause in plan.outside_keys:
            _change_outside_key(connection, schema, table, clause, add=False)
        execute(connection, "RENAME TABLE " + ", ".join(_renames(database, names, going, coming)))
        finish_locked(connection, database, plan, wanted, objects, {*coming, *children, *later_children})
    finally:
        if connection.open:
            execute(connection, "UNLOCK TABLES")


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
        _change_outside_key(connection, schema, table, clause, add=True)
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
        raise RestoreFailedError(
            "the tables could not be locked for the swap; nothing was changed",
            where=", ".join(f"{schema}.{table}" for schema, table in tables[:5]),
            why=str(error.args[-1]),
            hint="end the long transaction that uses them (SHOW PROCESSLIST), then type the command again",
        ) from error


def _drop_views_in_the_way(connection: Connection, database: str, coming: set[str]) -> None:
    found = rows(
        connection, "SELECT table_name FROM information_schema.views WHERE table_schema = %s", (database,)
    )
    for (name,) in found:
        if name in coming:
            execute(connection, f"DROP VIEW {quoted(database)}.{quoted(name)}")


def _drop_triggers(connection: Connection, database: str, tables: set[str]) -> None:
    """A table with triggers cannot be renamed into another database (error 1435)."""
    found = rows(
        connection,
        "SELECT trigger_name, event_object_table FROM information_schema.triggers WHERE trigger_schema = %s",
        (database,),
    )
    for name, table in found:
        if table in tables:
            execute(connection, f"DROP TRIGGER {quoted(database)}.{quoted(name)}")


def _change_outside_key(connection: Connection, schema: str, table: str, clause: str, *, add: bool) -> None:
    has = foreign_keys(table_text(connection, schema, table))
    present = [key for key in has if key.clause == clause]
    if add and not present:
        replace_foreign_keys(connection, schema, table, [], foreign_keys(f"  {clause}"))
    if not add and present:
        replace_foreign_keys(connection, schema, table, present, [])
