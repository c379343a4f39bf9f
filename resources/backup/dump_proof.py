"""A dump proven by loading it, and by comparing what came out with the source around the dump."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from resources.backup.kept_digest import changed_columns, kept_digest
from resources.backup.lossy import (
    SETTING,
    in_words,
    lossy_columns,
    silently_lost,
    way_on,
    what_is_lost,
    with_minus_zeros,
)
from resources.backup.proof import Contents
from resources.errors import BackupFailedError
from resources.mysql.collations import without_defaults
from resources.mysql.connection import connect
from resources.mysql.digest import TableDigest, table_digests
from resources.mysql.endpoint import Endpoint
from resources.mysql.schema import KINDS, Schema, read_schema

_SHOWN = 10


@dataclass(frozen=True)
class State:
    """The source at one moment, as nearly as reading it takes."""

    tables: Mapping[str, TableDigest]
    schema: Schema


def read_state(endpoint: Endpoint, database: str) -> State:
    with connect(endpoint, database) as connection:
        schema = read_schema(connection, database)
    return State(table_digests(endpoint, database), schema)


def moved_tables(before: State, after: State) -> list[str]:
    """Tables that were written (or made, or dropped) between two looks."""
    names = sorted({*before.tables, *after.tables})
    return [name for name in names if before.tables.get(name) != after.tables.get(name)]


def compare_loaded(
    endpoint: Endpoint,
    database: str,
    before: State,
    after: State,
    loaded: Contents,
    same_series: bool,
    engine: str = "mysqldump",
    *,
    copy: Endpoint,
    accepted: Collection[str] = (),
) -> list[str]:
    """Notes about what could not be compared, and what was lost by leave. Raises BackupFailedError
    where the load lost anything else.

    `same_series`: another MySQL series prints the same schema differently, so there the
    texts are not compared. `engine`: which columns it is known to change depends on it. `copy`: the
    server that it was loaded into. `accepted`: tables whose known losses a person accepted.
    """
    notes = _compare_rows(endpoint, database, before, after, loaded, engine, copy, accepted)
    if before.schema.digest != after.schema.digest:
        raise BackupFailedError(
            "the schema was changed while the dump was made",
            where=str(endpoint),
            hint="run the backup while no migration runs: dbsync backup",
        )
    different = _different_objects(before.schema, loaded.schema)
    if different and same_series:
        raise BackupFailedError(
            "the dump does not hold the schema as it is, so it is no backup",
            where=", ".join(different[:_SHOWN]),
            why="their definitions differ after the load",
            hint="use CLONE: dbsync doctor says what it takes",
        )
    if different:
        notes.append(f"definitions not compared, MySQL of another series: {', '.join(different[:_SHOWN])}")
    return notes


def _compare_rows(
    endpoint: Endpoint,
    database: str,
    before: State,
    after: State,
    loaded: Contents,
    engine: str,
    copy: Endpoint,
    accepted: Collection[str],
) -> list[str]:
    moved = moved_tables(before, after)
    missing = sorted(set(before.tables) & set(after.tables) - set(loaded.tables))
    damaged = _damaged(before, after, loaded)
    in_both = {*before.tables} & {*after.tables}
    lossy = with_minus_zeros(
        endpoint, database, lossy_columns(endpoint, database, engine), {*damaged, *moved} & in_both
    )
    wrong = _retyped(lossy, set(loaded.tables))
    for name in damaged:
        wrong[name] = _describe(name, before, loaded, lossy.get(name, {}), engine) or _unforeseen(
            endpoint, copy, database, name
        )
    let = [name for name in lossy if name in accepted and name in wrong]
    for name in let:
        different = None if name in moved else _beyond(endpoint, copy, database, name, after, lossy[name])
        if different:
            wrong[name] = f"`{name}`: {different}, which {SETTING} does not accept"
            continue
        del wrong[name]
        if different is None and name not in moved:
            moved.append(name)
    if missing or wrong:
        raise BackupFailedError(
            "the dump does not hold what the database holds, so it is no backup",
            where=", ".join(f"`{name}`" for name in [*missing, *wrong][:_SHOWN]),
            why="; ".join([*wrong.values()][:_SHOWN]) or "tables are missing after the load",
            hint=way_on(engine, [name for name in wrong if name in lossy and name not in accepted]),
        )
    unseen = {name: kinds for name in moved if (kinds := silently_lost(lossy.get(name, {})))}
    if refused := sorted(set(unseen) - set(accepted)):
        raise BackupFailedError(
            "the dump may not hold what the database holds, so it is no backup",
            where=", ".join(f"`{name}`" for name in refused[:_SHOWN]),
            why="written during the dump, so not comparable, and "
            + what_is_lost(engine, set().union(*(unseen[name] for name in refused))),
            hint=f"{way_on(engine, refused)}\n     or: run it while nobody writes there",
        )
    notes = [f"`{name}` was written during the dump: read after the load, not compared" for name in moved]
    for name in sorted({*let, *unseen}):
        lost = f"{what_is_lost(engine, lossy[name].values())}: {in_words(lossy[name])}"
        notes.append(f"`{name}`: {lost}; accepted by {SETTING}")
    return notes


def _damaged(before: State, after: State, loaded: Contents) -> list[str]:
    """Tables whose rows are others after the load; of those that nobody wrote during the dump."""
    moved = moved_tables(before, after)
    return [
        name
        for name, digest in loaded.tables.items()
        if digest not in (before.tables.get(name), after.tables.get(name)) and name not in moved
    ]


def _retyped(lossy: Mapping[str, Mapping[str, str]], loaded: Collection[str]) -> dict[str, str]:
    """Table → its JSON columns with typed values. A digest does not see those types: they are lost anyway."""
    return {
        name: f"`{name}`: dates, decimals or bytes inside JSON become texts and doubles: {in_words(typed)}"
        for name, columns in lossy.items()
        if (typed := {column: kind for column, kind in columns.items() if kind == "json"}) and name in loaded
    }


def _beyond(
    source: Endpoint, copy: Endpoint, database: str, table: str, after: State, columns: Mapping[str, str]
) -> str | None:
    """What differs beside the known losses, as a phrase; None where the source was written meanwhile."""
    hidden = [column for column, kind in columns.items() if kind == "invisible"]
    was, now = (kept_digest(one, database, table, hidden) for one in (source, copy))
    if was == now:
        return ""
    if table_digests(source, database, [table])[table] != after.tables.get(table):
        return None
    if was.rows != now.rows:
        return f"{was.rows:,} rows became {now.rows:,}"
    return f"values differ beside {in_words(columns)}"


def _describe(table: str, before: State, loaded: Contents, lossy: Mapping[str, str], engine: str) -> str:
    """What is wrong with its rows; "" where no known loss explains it."""
    was, now = before.tables.get(table), loaded.tables[table]
    if was is None or was.rows != now.rows:
        return f"`{table}`: {was.rows if was else 0:,} rows became {now.rows:,}"
    if not lossy:
        return ""
    return f"`{table}`: values changed, probably in {in_words(lossy)}: {what_is_lost(engine, lossy.values())}"


def _unforeseen(source: Endpoint, copy: Endpoint, database: str, table: str) -> str:
    columns = changed_columns(source, copy, database, table)
    where = ", ".join(columns) or "no column's text, only in how the values are stored"
    return f"`{table}`: values changed in {where}, by a loss that dbsync does not know"


def _different_objects(was: Schema, now: Schema) -> list[str]:
    found: list[str] = []
    for kind in KINDS:
        ours, theirs = getattr(was, kind), getattr(now, kind)
        if kind == "tables":
            # A column's collation that was the table's is written out by the load: the same, said twice.
            ours = {name: without_defaults(text) for name, text in ours.items()}
            theirs = {name: without_defaults(text) for name, text in theirs.items()}
        found += [
            f"{kind}: {name}" for name in sorted({*ours, *theirs}) if ours.get(name) != theirs.get(name)
        ]
    return found
