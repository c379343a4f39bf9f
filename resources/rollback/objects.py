"""Views, routines, triggers, events and foreign keys, made equal to another server's by text."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass

import pymysql
from pymysql.charset import charset_by_name

from resources.errors import RestoreFailedError
from resources.mysql.connection import Connection, execute, query_several, quoted, rows
from resources.mysql.schema import table_names
from resources.rollback.foreign_keys import ForeignKey, foreign_keys, indexes_of

# A view on a view that is not there yet: 1146 no such table, 1356 invalid view, 1305 no such function.
_NOT_YET = (1146, 1356, 1305, 1054)


@dataclass(frozen=True)
class Definition:
    """One object's text and the session settings it was made under, which are part of it."""

    kind: str
    """VIEW, PROCEDURE, FUNCTION, TRIGGER or EVENT."""
    name: str
    text: str
    sql_mode: str | None = None
    client: str | None = None
    collation: str | None = None
    time_zone: str | None = None
    table: str = ""
    """Of a trigger."""


@dataclass(frozen=True)
class Objects:
    """In an order in which they can be created."""

    routines: tuple[Definition, ...]
    views: tuple[Definition, ...]
    triggers: tuple[Definition, ...]
    events: tuple[Definition, ...]

    def all(self) -> list[Definition]:
        return [*self.routines, *self.views, *self.triggers, *self.events]


def read_objects(connection: Connection, database: str) -> Objects:
    """Every object of `database` that is not a table. Makes `database` the default one."""
    triggers = read_triggers(connection, database)
    routines = rows(
        connection,
        "SELECT routine_type, routine_name FROM information_schema.routines"
        " WHERE routine_schema = %s ORDER BY 1, 2",
        (database,),
    )
    views = rows(
        connection,
        "SELECT table_name FROM information_schema.views WHERE table_schema = %s ORDER BY 1",
        (database,),
    )
    events = rows(
        connection,
        "SELECT event_name FROM information_schema.events WHERE event_schema = %s ORDER BY 1",
        (database,),
    )
    return Objects(
        routines=tuple(read_one(connection, kind, name) for kind, name in routines),
        views=tuple(read_one(connection, "VIEW", name) for (name,) in views),
        triggers=tuple(triggers),
        events=tuple(read_one(connection, "EVENT", name) for (name,) in events),
    )


def object_names(
    connection: Connection, database: str, tables: Collection[str] | None = None
) -> set[tuple[str, str]]:
    """(kind, name), in lower case, of all objects of `database` that are no tables.

    With `tables`: of their triggers alone.
    """
    triggers = rows(
        connection,
        "SELECT trigger_name, event_object_table FROM information_schema.triggers WHERE trigger_schema = %s",
        (database,),
    )
    found = {("trigger", str(name)) for name, table in triggers if tables is None or table in tables}
    if tables is None:
        for kinds, name, source, schema in (
            ("'view'", "table_name", "views", "table_schema"),
            ("routine_type", "routine_name", "routines", "routine_schema"),
            ("'event'", "event_name", "events", "event_schema"),
        ):
            sql = f"SELECT {kinds}, {name} FROM information_schema.{source} WHERE {schema} = %s"
            found |= {(str(kind), str(one)) for kind, one in rows(connection, sql, (database,))}
    return {(kind.lower(), name.lower()) for kind, name in found}


def read_triggers(
    connection: Connection, database: str, tables: Collection[str] | None = None
) -> list[Definition]:
    """Those of `tables` (default: all) in the order in which they fire. Makes `database` the default one."""
    execute(connection, f"USE {quoted(database)}")
    execute(connection, "SET SESSION sql_mode = 'NO_ENGINE_SUBSTITUTION', SESSION sql_quote_show_create = 1")
    found = rows(
        connection,
        "SELECT trigger_name, event_object_table FROM information_schema.triggers"
        " WHERE trigger_schema = %s"
        " ORDER BY event_object_table, event_manipulation, action_timing, action_order",
        (database,),
    )
    return [
        read_one(connection, "TRIGGER", name, table)
        for name, table in found
        if tables is None or table in tables
    ]


def read_views(connection: Connection, database: str, names: Collection[str]) -> list[Definition]:
    """Those of `names` that are views. Makes `database` the default one."""
    execute(connection, f"USE {quoted(database)}")
    found = rows(
        connection, "SELECT table_name FROM information_schema.views WHERE table_schema = %s", (database,)
    )
    return [read_one(connection, "VIEW", name) for (name,) in found if name in names]


def read_one(connection: Connection, kind: str, name: str, table: str = "") -> Definition:
    """In the default database. Raises RestoreFailedError where the account may not read it."""
    found = rows(connection, f"SHOW CREATE {kind} {quoted(name)}")[0]
    shown = [None if value is None else str(value) for value in found]
    if kind == "VIEW":
        _, text, client, collation = shown[:4]
        return Definition(kind, name, text or "", None, client, collation)
    if kind == "EVENT":
        _, mode, zone, text, client, collation = shown[:6]
        return Definition(kind, name, text or "", mode, client, collation, zone)
    _, mode, text, client, collation = shown[:5]
    if text is None:
        raise RestoreFailedError(
            f"the account may not read {kind.lower()} {quoted(name)}",
            hint="GRANT SHOW_ROUTINE ON *.* TO the user",
        )
    return Definition(kind, name, text, mode, client, collation, None, table)


def equalise(connection: Connection, database: str, wanted: Objects) -> dict[str, str]:
    """Drop what differs from `wanted`, create what is missing.

    Returns the views that were left out, as `create_views`. Raises RestoreFailedError.
    """
    actual = read_objects(connection, database)
    known = set(wanted.all())
    for definition in [*actual.events, *actual.views, *actual.routines]:
        if definition not in known:
            execute(connection, f"DROP {definition.kind} IF EXISTS {quoted(definition.name)}")
    for routine in wanted.routines:
        if routine not in actual.routines:
            create(connection, routine)
    left_out = create_views(connection, [view for view in wanted.views if view not in actual.views])
    equalise_triggers(connection, database, wanted.triggers)
    for event in wanted.events:
        if event not in actual.events:
            create(connection, event)
    return left_out


def equalise_views(connection: Connection, database: str, wanted: Collection[Definition]) -> dict[str, str]:
    """As `equalise`, these views alone."""
    actual = read_views(connection, database, {view.name for view in wanted})
    for view in actual:
        if view not in wanted:
            execute(connection, f"DROP VIEW IF EXISTS {quoted(view.name)}")
    return create_views(connection, [view for view in wanted if view not in actual])


def equalise_triggers(
    connection: Connection,
    database: str,
    wanted: Iterable[Definition],
    tables: Collection[str] | None = None,
) -> None:
    """As `equalise`, the triggers of `tables` alone: possible while these are locked.

    They fire in the order they were created in, so a table has all or none replaced.
    """
    actual = read_triggers(connection, database, tables)
    should = [trigger for trigger in wanted if tables is None or trigger.table in tables]
    named = {trigger.table for trigger in (*actual, *should)}
    uneven = {table for table in named if _of(actual, table) != _of(should, table)}
    for trigger in actual:
        if trigger.table in uneven:
            execute(connection, f"DROP TRIGGER IF EXISTS {quoted(trigger.name)}")
    for trigger in should:
        if trigger.table in uneven:
            create(connection, trigger)


def _of(triggers: Iterable[Definition], table: str) -> list[Definition]:
    return [trigger for trigger in triggers if trigger.table == table]


def create_views(connection: Connection, views: list[Definition]) -> dict[str, str]:
    """In whatever order works: a view may read another one. `USE` their database first.

    Returns those that were left out, name → the server's reason: they read what is not there, so they
    gave an error before as well, and MySQL makes no such view again.
    """
    waiting = views
    while waiting:
        left: dict[str, str] = {}
        for view in waiting:
            try:
                create(connection, view)
            except RestoreFailedError as refused:
                cause = refused.__cause__
                if not isinstance(cause, pymysql.err.MySQLError) or cause.args[0] not in _NOT_YET:
                    raise
                left[view.name] = str(cause.args[-1])
        if len(left) == len(waiting):
            return left
        waiting = [view for view in waiting if view.name in left]
    return {}


def create(connection: Connection, wanted: Definition) -> None:
    """Create one object under the settings it was first made under."""
    settings = {
        "sql_mode": wanted.sql_mode,
        "time_zone": wanted.time_zone,
        "collation_connection": wanted.collation,
        "character_set_client": wanted.client,
    }
    before = rows(
        connection,
        "SELECT @@sql_mode, @@time_zone, @@collation_connection, @@character_set_client",
    )[0]
    try:
        for name, value in settings.items():
            if value is not None:
                execute(connection, f"SET SESSION {name} = '{value}'")
        # The server reads the statement in the client's character set, which need not be ours.
        query_several(connection, encoded(standing_alone(wanted), wanted.client))
    except pymysql.err.MySQLError as error:
        raise RestoreFailedError(
            f"{wanted.kind.lower()} {quoted(wanted.name)} cannot be created",
            why=str(error.args[-1] if error.args else error),
            hint="grant what the message names, then type the command again",
        ) from error
    finally:
        if connection.open:
            for name, value in zip(settings, before, strict=True):
                execute(connection, f"SET SESSION {name} = '{value}'")


def standing_alone(wanted: Definition) -> str:
    """Its text as a script: a semicolon at its end is kept only where a statement follows."""
    return f"{wanted.text}\nDO 0" if wanted.text.endswith(";") else wanted.text


def encoded(text: str, character_set: str | None) -> bytes:
    """As the server reads it from a client of that character set."""
    if character_set is None or character_set.startswith("utf8"):
        return text.encode()
    return text.encode(charset_by_name(character_set).encoding)


# --- foreign keys ---------------------------------------------------------------


def table_text(connection: Connection, database: str, table: str) -> str:
    return str(rows(connection, f"SHOW CREATE TABLE {quoted(database)}.{quoted(table)}")[0][1])


def equalise_foreign_keys(
    connection: Connection, database: str, wanted: dict[str, str], tables: Iterable[str] | None = None
) -> None:
    """Give each table the foreign keys of its `wanted` text. The session must have
    foreign_key_checks off: the rows are the old ones, and no table is rebuilt then."""
    names = table_names(connection, database) if tables is None else tables
    for table in names:
        if table not in wanted:
            continue
        has, should = foreign_keys(table_text(connection, database, table)), foreign_keys(wanted[table])
        # Only the difference: making a key again makes its index again, at the end of the table's indexes.
        drop = [key for key in has if key not in should]
        add = [key for key in should if key not in has]
        replace_foreign_keys(connection, database, table, drop, add)


def replace_foreign_keys(
    connection: Connection, database: str, table: str, drop: list[ForeignKey], add: list[ForeignKey]
) -> None:
    name = f"{quoted(database)}.{quoted(table)}"
    # Apart: one ALTER may not drop and add a key of the same name.
    if drop:
        dropped = ", ".join(f"DROP FOREIGN KEY {quoted(key.name)}" for key in drop)
        execute(connection, f"ALTER TABLE {name} {dropped}")
    if add:
        # The server replaces an index that it had made itself by one of the constraint's name.
        # The very same one, made by us, it keeps: it is not built again.
        indexes = indexes_of(table_text(connection, database, table), add)
        parts = [f"DROP KEY {quoted(index)}, ADD {line}" for index, line in indexes.items()]
        parts += [f"ADD {key.clause}" for key in add]
        execute(connection, f"ALTER TABLE {name} {', '.join(parts)}")
