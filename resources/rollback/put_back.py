"""The one way tables get back into a target: built aside, compared, then swapped by one RENAME.

Until the RENAME nothing of the database has changed. After it the replaced tables
are still there, in a database of their own, until the result was verified.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from resources import progress
from resources.errors import RestoreFailedError
from resources.mysql.connection import Connection, connect, execute, quoted, rows, value
from resources.mysql.digest import TableDigest, table_digests
from resources.mysql.schema import Schema, read_schema, table_names
from resources.mysql.server import PrivateServer
from resources.rollback import foreign_keys, programs
from resources.rollback.carry import carry_rows
from resources.rollback.create_text import recreating
from resources.target import Target

Note = Callable[[str, dict[str, Any]], None]
_LOCK_WAIT = 30


@dataclass(frozen=True)
class Names:
    """The two databases beside the target's, derived from one id so that a second run finds them."""

    side: str
    aside: str

    @classmethod
    def of(cls, database: str, run: str) -> Names:
        tag = "".join(character for character in run if character.isalnum())[-12:].lower()
        return cls(f"{database[:40]}__dbsync_side_{tag}", f"{database[:40]}__dbsync_aside_{tag}")


@dataclass(frozen=True)
class PutBack:
    """Result: which tables came back, which were taken away, and where the replaced ones are."""

    tables: list[str]
    removed: list[str]
    rows: int
    aside: str | None
    digests: dict[str, TableDigest] = field(repr=False)


def put_back(
    target: Target,
    source: PrivateServer,
    tables: Sequence[str],
    *,
    run: str,
    note: Note,
    database: str | None = None,
    before_swap: Callable[[], None] = lambda: None,
) -> PutBack:
    """Make `tables` of the target what they are in `source`, there in `database` (default: the same name).

    A table that only the target has is taken away (kept aside). Safe to run again with
    the same `run` after a crash at any point. `before_swap` is called with all tables locked:
    what it raises stops the swap. Raises RestoreFailedError.
    """
    names = Names.of(target.database, run)
    source_database = database or target.database
    with source.connect() as connection:
        wanted = read_schema(connection, source_database)
    digests = table_digests(
        source.endpoint, source_database, [name for name in tables if name in wanted.tables]
    )
    with connect(target.endpoint, target.database) as connection:
        programs.require_definers(connection, wanted)
        if not _swapped(connection, names):
            coming = [name for name in tables if name in wanted.tables]
            going = [name for name in tables if name in table_names(connection, target.database)]
            _build(connection, wanted, coming, names, target)
            note("side_tables_created", {"side": names.side, "aside": names.aside})
            carry_rows(source, source_database, coming, target.endpoint, names.side, digests)
            _compare(target, names.side, digests)
            note("side_tables_filled", {})
            _swap(connection, target.database, names, coming, going, before_swap)
            note("swapped", {"tables": coming, "removed": going})
        _finish(connection, target.database, wanted, names)
    return _verify(target, wanted, digests, names, [name for name in tables if name not in wanted.tables])


def _swapped(connection: Connection, names: Names) -> bool:
    """RENAME is atomic: the side database is empty, and the aside one exists, exactly when it was done."""
    known = {row[0] for row in rows(connection, "SHOW DATABASES")}
    return (
        names.aside in known
        and (names.side not in known or not table_names(connection, names.side))
        and bool(
            value(
                connection,
                "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = %s",
                (names.aside,),
            )
        )
    )


def _build(connection: Connection, wanted: Schema, coming: list[str], names: Names, target: Target) -> None:
    """Empty side tables, without foreign keys. What an interrupted run left of them is thrown away."""
    execute(connection, f"DROP DATABASE IF EXISTS {quoted(names.side)}")
    execute(connection, f"DROP DATABASE IF EXISTS {quoted(names.aside)}")
    charset, collation = rows(
        connection,
        "SELECT default_character_set_name, default_collation_name FROM information_schema.schemata"
        " WHERE schema_name = %s",
        (target.database,),
    )[0]
    for name in (names.side, names.aside):
        execute(connection, f"CREATE DATABASE {quoted(name)} CHARACTER SET {charset} COLLATE {collation}")
    execute(connection, "SET SESSION sql_mode = '', foreign_key_checks = 0")
    execute(connection, f"USE {quoted(names.side)}")
    for table in coming:
        execute(connection, recreating(foreign_keys.without_foreign_keys(wanted.tables[table])))
    execute(connection, f"USE {quoted(target.database)}")


def _compare(target: Target, side: str, digests: dict[str, TableDigest]) -> None:
    found = table_digests(target.endpoint, side, list(digests))
    different = [name for name in digests if found[name] != digests[name]]
    if different:
        raise RestoreFailedError(
            f"rows did not arrive as they were: {', '.join(different)}",
            where=side,
            why="digests of the side tables differ from the backup's; the database itself was not touched",
            hint="try again; if it stays so, report it",
        )


def _swap(
    connection: Connection,
    database: str,
    names: Names,
    coming: list[str],
    going: list[str],
    before_swap: Callable[[], None],
) -> None:
    execute(connection, f"SET SESSION foreign_key_checks = 0, lock_wait_timeout = {_LOCK_WAIT}")
    here, side, aside = quoted(database), quoted(names.side), quoted(names.aside)
    with progress.step("swap tables"):
        programs.drop_triggers(connection, database, going)
        locks = [f"{here}.{quoted(name)} WRITE" for name in going] + [
            f"{side}.{quoted(name)} WRITE" for name in coming
        ]
        moves = [f"{here}.{quoted(name)} TO {aside}.{quoted(name)}" for name in going]
        moves += [f"{side}.{quoted(name)} TO {here}.{quoted(name)}" for name in coming]
        if not moves:
            return
        execute(connection, f"LOCK TABLES {', '.join(locks)}")
        try:
            before_swap()
            execute(connection, f"RENAME TABLE {', '.join(moves)}")
        finally:
            execute(connection, "UNLOCK TABLES")


def _finish(connection: Connection, database: str, wanted: Schema, names: Names) -> None:
    """Foreign keys, triggers, views, routines and events as they were. Repeatable."""
    execute(connection, f"SET SESSION lock_wait_timeout = {_LOCK_WAIT}")
    actual = read_schema(connection, database)
    here = {name: text for name, text in wanted.tables.items() if name in actual.tables}
    # Foreign keys of tables that were not put back have followed the RENAME into the aside database.
    foreign_keys.make_equal(connection, database, here, actual.tables)
    programs.make_equal(connection, database, wanted, actual)
    execute(connection, f"DROP DATABASE IF EXISTS {quoted(names.side)}")


def _verify(
    target: Target, wanted: Schema, digests: dict[str, TableDigest], names: Names, removed: list[str]
) -> PutBack:
    with connect(target.endpoint, target.database) as connection:
        actual = read_schema(connection, target.database)
        present = {row[0] for row in rows(connection, "SHOW DATABASES")}
    if actual.digest != wanted.digest:
        different = [
            f"{kind} {name}"
            for kind in ("tables", "views", "routines", "triggers", "events")
            for name in {*getattr(actual, kind), *getattr(wanted, kind)}
            if getattr(actual, kind).get(name) != getattr(wanted, kind).get(name)
        ]
        raise RestoreFailedError(
            f"the schema is not what it was: {', '.join(sorted(different)[:8])}",
            where=target.name,
            hint=f"the replaced tables are in {names.aside}",
        )
    return PutBack(
        tables=list(digests),
        removed=removed,
        rows=sum(digest.rows for digest in digests.values()),
        aside=names.aside if names.aside in present else None,
        digests=digests,
    )


def drop_aside(target: Target, aside: str) -> None:
    with connect(target.endpoint) as connection:
        execute(connection, f"DROP DATABASE IF EXISTS {quoted(aside)}")
