"""A dump proven by loading it, and by comparing what came out with the source around the dump."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from resources.backup.proof import Contents
from resources.errors import BackupFailedError
from resources.mysql.collations import without_defaults
from resources.mysql.connection import connect, rows
from resources.mysql.digest import TableDigest, table_digests
from resources.mysql.endpoint import Endpoint
from resources.mysql.schema import KINDS, Schema, read_schema

_LOSSES = {
    "float": "shortens FLOAT values",
    "json": "changes types inside JSON",
    "invisible": "loses the values of INVISIBLE columns",
}


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
) -> list[str]:
    """Notes about what could not be compared. Raises BackupFailedError where the load lost something.

    `same_series`: another MySQL series prints the same schema differently, so there the
    texts are not compared. `engine`: which columns it is known to change depends on it.
    """
    lossy = lossy_columns(endpoint, database, engine)
    moved = moved_tables(before, after)
    damaged = [
        name
        for name, digest in loaded.tables.items()
        if digest not in (before.tables.get(name), after.tables.get(name)) and name not in moved
    ]
    missing = sorted(set(before.tables) & set(after.tables) - set(loaded.tables))
    if damaged or missing:
        raise BackupFailedError(
            "the dump does not hold what the database holds, so it is no backup",
            where=", ".join(f"`{name}`" for name in (missing + damaged)[:10]),
            why="; ".join(_describe(name, before, loaded, lossy.get(name, {})) for name in damaged[:10])
            or "tables are missing after the load",
            hint=f"{engine} cannot keep this; use CLONE: dbsync doctor says what it takes",
        )
    unseen = {name: kinds for name in moved if (kinds := _silently_lost(lossy.get(name, {})))}
    if unseen:
        raise BackupFailedError(
            "the dump may not hold what the database holds, so it is no backup",
            where=", ".join(f"`{name}`" for name in list(unseen)[:10]),
            why="written during the dump, so not comparable, and "
            + " and ".join(f"{engine} {_LOSSES[kind]}" for kind in sorted(set().union(*unseen.values()))),
            hint="use CLONE: dbsync doctor says what it takes; or run it while nobody writes there",
        )
    notes = [f"`{name}` was written during the dump: read after the load, not compared" for name in moved]
    notes += [
        f"`{name}`: dates and decimals inside JSON become text in a dump ({', '.join(columns)})"
        for name, kinds in lossy.items()
        if (columns := [column for column, kind in kinds.items() if kind == "json"])
    ]
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
            where=", ".join(different[:10]),
            why="their definitions differ after the load",
            hint="use CLONE: dbsync doctor says what it takes",
        )
    if different:
        notes.append(f"definitions not compared, MySQL of another series: {', '.join(different[:10])}")
    return notes


def lossy_columns(endpoint: Endpoint, database: str, engine: str) -> dict[str, dict[str, str]]:
    """Table → column → float, json or invisible: what `engine` is known to change.

    Measured: every logical dump shortens FLOAT to six digits and changes types inside JSON;
    mydumper loses the values of INVISIBLE columns as well.
    """
    found: dict[str, dict[str, str]] = {}
    with connect(endpoint) as connection:
        for table, column, kind, extra in rows(
            connection,
            "SELECT table_name, column_name, LOWER(data_type), extra FROM information_schema.columns"
            " WHERE table_schema = %s AND (data_type IN ('float', 'json') OR extra LIKE '%%INVISIBLE%%')"
            " ORDER BY 1, ordinal_position",
            (database,),
        ):
            hidden = "INVISIBLE" in str(extra) and engine == "mydumper"
            if hidden or kind in _LOSSES:
                found.setdefault(str(table), {})[str(column)] = "invisible" if hidden else str(kind)
    return found


def _silently_lost(columns: Mapping[str, str]) -> set[str]:
    """Kinds of loss that only a comparison of rows shows."""
    return set(columns.values()) - {"json"}


def _describe(table: str, before: State, loaded: Contents, lossy: Mapping[str, str]) -> str:
    was, now = before.tables.get(table), loaded.tables[table]
    if was is None or was.rows != now.rows:
        return f"`{table}`: {was.rows if was else 0:,} rows became {now.rows:,}"
    suspects = [f"{column} ({kind.upper()})" for column, kind in lossy.items()]
    return f"`{table}`: values changed, probably in {', '.join(suspects) or 'a column unknown to dbsync'}"


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
