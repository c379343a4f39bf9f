"""What a restore of named tables touches: these, their triggers, the views that read them, their keys."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from resources.errors import RestoreRefusedError, UsageError
from resources.mysql.connection import Connection, rows
from resources.mysql.schema import table_names
from resources.mysql.server import PrivateServer
from resources.rollback.foreign_keys import ForeignKey, foreign_keys, without_foreign_keys
from resources.rollback.objects import Definition, Objects, read_objects, table_text
from resources.rollback.old_state import OldState
from resources.rollback.side import database_charset

_INDEX = ("  PRIMARY KEY ", "  UNIQUE KEY ", "  KEY ")


@dataclass(frozen=True)
class Scope:
    old: OldState
    """What the whole database is to be afterwards: the named tables as in the backup, the rest as it is."""
    tables: tuple[str, ...]
    views: tuple[str, ...] | None
    """The views that come along; None: everything of the database does."""
    notes: tuple[str, ...] = ()


def require_known(names: Sequence[str], tables: Collection[str], views: Collection[str]) -> tuple[str, ...]:
    """The tables that `names` mean. Raises UsageError, naming all that are none of the backup's."""
    folded = {table.casefold(): table for table in tables}
    found = [name if name in tables else folded.get(name.casefold(), "") for name in names]
    unknown = [name for name, table in zip(names, found, strict=True) if not table]
    if unknown:
        said = [f"`{name}` is a view" if name in views else f"no table `{name}`" for name in unknown]
        raise UsageError(
            f"--tables names what is no table of the backup: {', '.join(said)}",
            why="a view comes along with each table that it reads" if set(unknown) & set(views) else "",
            hint=f"it has: {', '.join(sorted(tables)[:20])}",
        )
    return tuple(dict.fromkeys(found))


def named_tables(
    source: PrivateServer,
    backup: OldState,
    connection: Connection,
    database: str,
    tables: tuple[str, ...],
) -> Scope:
    """`connection`, `database`: the target's. Raises RestoreRefusedError where a foreign key could
    not be made again."""
    present = {name: table_text(connection, database, name) for name in table_names(connection, database)}
    charset = database_charset(connection, database) or backup.charset
    actual = read_objects(connection, database) if present else Objects((), (), (), ())
    _require_parents(tables, backup.tables, present)
    _require_children(tables, backup.tables, present)
    views, notes = _views(source, backup, tables, {*present, *(one.name for one in actual.views)})
    named = {view.name for view in views}
    merged = Objects(
        routines=actual.routines,
        views=(*(view for view in actual.views if view.name not in named), *views),
        triggers=tuple(
            [one for one in actual.triggers if one.table not in tables]
            + [one for one in backup.objects.triggers if one.table in tables]
        ),
        events=actual.events,
    )
    texts = {**present, **{table: backup.tables[table] for table in tables}}
    return Scope(replace(backup, tables=texts, objects=merged, charset=charset), tables, tuple(named), notes)


def tables_apart(backup: OldState, tables: tuple[str, ...] | None) -> Scope:
    """For a database of their own: all of the backup, or `tables` without keys that lead out of them.

    Events are made there but do not run: what they are for happens in the original already.
    """
    objects, notes = replace(backup.objects, events=tuple(map(_disabled, backup.objects.events))), []
    if backup.objects.events:
        notes.append("its events are disabled: ALTER EVENT … ENABLE makes them run")
    if tables is None:
        return Scope(replace(backup, objects=objects), tuple(backup.tables), None, tuple(notes))
    texts = {}
    for table in tables:
        text = backup.tables[table]
        leading_out = [key for key in foreign_keys(text) if key.database is None and key.table not in tables]
        if leading_out:
            text = without_foreign_keys(text, {key.name for key in leading_out})
            parents = ", ".join(f"`{key.table}`" for key in leading_out)
            notes.append(f"`{table}` is without its foreign keys to {parents}, which are not there")
        texts[table] = text
    only = Objects((), (), tuple(one for one in objects.triggers if one.table in tables), ())
    return Scope(replace(backup, tables=texts, objects=only), tables, None, tuple(notes))


def _disabled(event: Definition) -> Definition:
    text = re.sub(r"( ON COMPLETION (?:NOT )?PRESERVE )ENABLE\b", r"\1DISABLE", event.text, count=1)
    return replace(event, text=text)


# --- views ------------------------------------------------------------------------


def _views(
    source: PrivateServer, backup: OldState, tables: tuple[str, ...], there: Collection[str]
) -> tuple[list[Definition], tuple[str, ...]]:
    """The backup's views that read `tables`, directly or through others; and notes on those left out."""
    with source.connect() as connection:
        uses: dict[str, set[str]] = {}
        for view, used in rows(
            connection,
            "SELECT view_name, table_name FROM information_schema.view_table_usage"
            " WHERE view_schema = %s AND table_schema = %s",
            (backup.database, backup.database),
        ):
            uses.setdefault(str(view), set()).add(str(used))
    reached, growing = set(tables), True
    while growing:
        more = {view for view, used in uses.items() if used & reached} - reached
        reached |= more
        growing = bool(more)
    coming, notes = [], []
    for view in backup.objects.views:
        if view.name not in reached:
            continue
        missing = _all_used(view.name, uses) - set(there) - set(tables) - reached
        if missing:
            notes.append(
                f"view `{view.name}` is left as it is: it also reads {', '.join(f'`{m}`' for m in missing)},"
                " which is not in the database"
            )
        else:
            coming.append(view)
    return coming, tuple(notes)


def _all_used(view: str, uses: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    todo = [view]
    while todo:
        new = uses.get(todo.pop(), set()) - found
        found |= new
        todo += new
    return found


# --- foreign keys -----------------------------------------------------------------


def _require_parents(tables: tuple[str, ...], backup: Mapping[str, str], present: Mapping[str, str]) -> None:
    """What the named tables point at is restored too, or is there and fits."""
    wrong = {
        f"`{table}` points at `{key.table}`, {why}": key.table
        for table in tables
        for key in foreign_keys(backup[table])
        if key.database is None and key.table not in tables
        if (why := _unfit(key, present.get(key.table), backup.get(key.table)))
    }
    _refuse(wrong, tables)


def _require_children(tables: tuple[str, ...], backup: Mapping[str, str], present: Mapping[str, str]) -> None:
    """What points at the named tables, and stays, fits them as they were."""
    wrong = {
        f"`{child}` points at `{key.table}`, {why}": child
        for child, text in present.items()
        if child not in tables
        for key in foreign_keys(text)
        if key.database is None and key.table in tables
        if (why := _unfit(key, backup.get(key.table), present.get(key.table)))
    }
    _refuse(wrong, tables)


def _refuse(wrong: Mapping[str, str], tables: tuple[str, ...]) -> None:
    if wrong:
        together = ",".join(dict.fromkeys([*tables, *wrong.values()]))
        raise RestoreRefusedError(
            "foreign keys could not be made again; nothing was changed",
            why="; ".join(wrong),
            hint=f"restore these too: --tables {together}",
        )


def _unfit(key: ForeignKey, parent: str | None, known: str | None) -> str:
    """Why the key cannot point at `parent`; "" where the columns are those of `known`, which it fitted."""
    if parent is None:
        return "which is not in the database"
    if known is None:
        return ""
    columns = {name: _line(parent, name) for name in key.referenced}
    if any(line != _line(known, name) for name, line in columns.items()):
        return f"whose {', '.join(columns)} was changed since"
    wanted = f" ({','.join(key.referenced)}"
    if not any(line.startswith(_INDEX) and wanted in line for line in parent.split("\n")):
        return f"which has no index on {', '.join(columns)} any more"
    return ""


def _line(create_table: str, column: str) -> str:
    return next(
        (line.rstrip(",") for line in create_table.split("\n") if line.startswith(f"  {column} ")), ""
    )
