"""The one way by which tables get back into a database: beside it, proven, then swapped in."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pymysql

from resources import progress
from resources.errors import BackupCorruptError, RestoreFailedError
from resources.mysql.collations import made_again, without_defaults
from resources.mysql.connection import Connection, connect, execute, is_denied, quoted, rows
from resources.mysql.digest import TableDigest, table_digests
from resources.mysql.schema import canonical_table, table_names
from resources.mysql.server import PrivateServer
from resources.rollback.copy_rows import carry_rows
from resources.rollback.foreign_keys import without_foreign_keys
from resources.rollback.may_create import require_may_create
from resources.rollback.objects import (
    Definition,
    Objects,
    equalise,
    equalise_foreign_keys,
    read_objects,
    table_text,
)
from resources.rollback.side import (
    MARKER,
    Plan,
    SideNames,
    database_charset,
    drop_database,
    make_side,
    read_plan,
    write_marker,
)
from resources.rollback.stripped import FACT, mend
from resources.rollback.swap import BeforeSwap, finish_locked, outside_keys, swap
from resources.target import Target

Record = Callable[..., None]
"""`record(step, **facts)`: mending (where a killed run made it necessary), side, loaded, compared,
swapping, swapped, equal. On disk when it returns."""


@dataclass(frozen=True)
class PutBackResult:
    tables: tuple[str, ...]
    digests: Mapping[str, TableDigest]
    """Of the tables put back, as the source has them."""
    carrier: str
    """row events, mysqldump, or "" where a killed run had done that part."""
    aside: str
    """The database that holds what was replaced."""
    seconds: float
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class OldState:
    """What the private server holds: texts as `SHOW CREATE` prints them."""

    database: str
    tables: Mapping[str, str]
    objects: Objects
    charset: tuple[str, str]


def read_old_state(source: PrivateServer, database: str, *, from_dump: bool = False) -> OldState:
    """`from_dump`: the server was filled from a dump, which writes every column's collation out."""
    with source.connect() as connection:
        charset = database_charset(connection, database)
        if charset is None:
            raise RestoreFailedError(
                f"the backup has no database `{database}`",
                where=str(source.folder),
                hint="dbsync backups list",
            )
        objects = read_objects(connection, database)
        tables = {name: table_text(connection, database, name) for name in table_names(connection, database)}
        if from_dump:
            tables = {name: without_defaults(text) for name, text in tables.items()}
        return OldState(database, tables, objects, charset)


def put_back(
    target: Target,
    source: PrivateServer,
    old: OldState,
    tables: Sequence[str],
    *,
    names: SideNames,
    record: Record,
    proven: Mapping[str, TableDigest] | None = None,
    before_swap: BeforeSwap = lambda _: None,
    deadline: float | None = None,
) -> PutBackResult:
    """Make `tables` of the target (names there now, or in `old`, or both) and every view,
    routine, trigger and event equal to the private server's.

    Until the swap nothing in the database is touched; the swap is one atomic statement;
    what it replaced is in `names.aside` afterwards, without its triggers and foreign keys.
    May be called again after being killed anywhere: it finishes, or begins anew.
    `proven`: every table's digest as the backup was proven to hold it, where that is known.
    `deadline` in seconds of time.monotonic(), up to the swap. Raises RestoreFailedError,
    BackupCorruptError, what `before_swap` raises, and pymysql errors.
    """
    begun = time.monotonic()

    def still_time() -> None:
        if deadline is not None and time.monotonic() > deadline:
            raise RestoreFailedError(
                "ROLLBACK_TIMEOUT has passed; nothing in the database was touched",
                where=target.name,
                hint="raise ROLLBACK_TIMEOUT, then type the command again",
            )

    with connect(target.endpoint) as connection:
        _prepare_session(connection, target)
        carrier, notes = "", list[str]()
        digests: Mapping[str, TableDigest] | None = None
        plan = read_plan(connection, names.aside)
        if plan is None:
            mend(connection, target.database, names, lambda **facts: record("mending", **facts))
            unfinished = read_plan(connection, names.side)
            for leftover in (names.side, names.aside):
                drop_database(connection, leftover)
            plan = _plan(connection, target.database, tables, unfinished)
            try:
                digests = _source_digests(source, old, plan, proven)
                carrier, notes = _load(
                    target, source, old, plan, digests, names, connection, record, still_time
                )
                _ensure_database(connection, target.database, old.charset)
                with connect(target.endpoint) as other:
                    _prepare_session(other, target)
                    threads = [int(one.thread_id()) for one in (connection, other)]
                    record("swapping", put_back_threads=threads, tables=list(plan.tables))
                    swap(
                        connection,
                        other,
                        target.database,
                        names,
                        plan,
                        old.tables,
                        old.objects,
                        digests,
                        before_swap,
                    )
            except Exception:
                if connection.open and is_untouched(connection, names):
                    for leftover in (names.side, names.aside):
                        drop_database(connection, leftover)
                raise
            record("swapped", verified=True)
        else:
            progress.say("an earlier run had swapped the tables; finishing it")
            record(
                "swapped",
                put_back_threads=[int(connection.thread_id())],
                tables=list(plan.tables),
                verified=bool(plan.facts.get("verified")),
            )
        _finish(connection, target.database, plan, old)
        drop_database(connection, names.side)
        record("equal")
    if digests is None:
        digests = table_digests(source.endpoint, old.database, [t for t in plan.tables if t in old.tables])
    return PutBackResult(plan.tables, digests, carrier, names.aside, time.monotonic() - begun, tuple(notes))


def _prepare_session(connection: Connection, target: Target) -> None:
    wait = max(1, int(target.policy.lock_wait_timeout))
    execute(connection, f"SET SESSION lock_wait_timeout = {wait}, SESSION foreign_key_checks = 0")
    # Zero dates and zero ids are old values like any other here.
    execute(connection, "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")
    for name in ("innodb_strict_mode", "sql_require_primary_key", "sql_generate_invisible_primary_key"):
        found = rows(connection, f"SHOW SESSION VARIABLES LIKE '{name}'")
        if found and found[0][1] == "ON":
            _switch_off(connection, name)


def _switch_off(connection: Connection, name: str) -> None:
    try:
        execute(connection, f"SET SESSION {name} = OFF")
    except pymysql.err.OperationalError as error:
        # Then the server may refuse an old table's definition, in words of its own, in the side database.
        if not is_denied(error):
            raise


def _plan(connection: Connection, database: str, tables: Sequence[str], unfinished: Plan | None) -> Plan:
    """`unfinished`: of a run that was killed, perhaps after it had dropped keys of other databases."""
    outside = {
        *outside_keys(connection, database, set(tables)),
        *(unfinished.outside_keys if unfinished else ()),
    }
    return Plan(tuple(sorted(set(tables))), tuple(sorted(outside)))


def _load(
    target: Target,
    source: PrivateServer,
    old: OldState,
    plan: Plan,
    digests: Mapping[str, TableDigest],
    names: SideNames,
    connection: Connection,
    record: Record,
    still_time: Callable[[], None],
) -> tuple[str, list[str]]:
    """Build the side database and prove it; returns (carrier, notes)."""
    coming = list(digests)
    if MARKER in old.tables:
        raise RestoreFailedError(f"a table of the database is called {MARKER}", where=target.name)
    record("side", side=names.side, aside=names.aside, tables=list(plan.tables))
    make_side(connection, names, *old.charset)
    notes = require_may_create(connection, names.side, _to_create(connection, target.database, plan, old))
    execute(connection, f"USE {quoted(names.side)}")
    for table in coming:
        execute(connection, made_again(without_foreign_keys(old.tables[table])))
    write_marker(connection, names, plan)
    carrier = carry_rows(target.endpoint, source, old.database, names.side, coming, still_time)
    record("loaded", carrier=carrier)
    _require_equal(target, digests, names.side)
    record("compared")
    still_time()
    return carrier, notes


def _source_digests(
    source: PrivateServer, old: OldState, plan: Plan, proven: Mapping[str, TableDigest] | None
) -> Mapping[str, TableDigest]:
    """Of the tables that are to come. Raises BackupCorruptError where it is not what was proven."""
    digests = table_digests(source.endpoint, old.database, [t for t in plan.tables if t in old.tables])
    if proven is not None:
        uneven = {name for name, digest in digests.items() if proven.get(name) != digest}
        uneven |= set(proven) ^ set(old.tables)
        if uneven:
            raise BackupCorruptError(
                "the backup does not hold what it was proven to hold; nothing in the database was touched",
                where=str(source.folder),
                why=_names(sorted(uneven)),
                hint="dbsync backups verify; dbsync backups list",
            )
    return digests


def _to_create(connection: Connection, database: str, plan: Plan, old: OldState) -> list[Definition]:
    if database_charset(connection, database) is None:
        return old.objects.all()
    actual = read_objects(connection, database).all()
    return [one for one in old.objects.all() if one not in actual or one.table in plan.tables]


def _ensure_database(connection: Connection, database: str, charset: tuple[str, str]) -> None:
    has = database_charset(connection, database)
    verb = "CREATE" if has is None else "ALTER"
    if has != charset:
        execute(
            connection, f"{verb} DATABASE {quoted(database)} CHARACTER SET {charset[0]} COLLATE {charset[1]}"
        )


def _finish(connection: Connection, database: str, plan: Plan, old: OldState) -> None:
    """What is not a table, and whatever a killed run left undone. May be repeated."""
    execute(connection, f"USE {quoted(database)}")
    finish_locked(connection, database, plan, old.tables, old.objects, set(old.tables))
    equalise_foreign_keys(connection, database, dict(old.tables))
    equalise(connection, database, old.objects)


def _require_equal(target: Target, wanted: Mapping[str, TableDigest], database: str) -> None:
    """Raises RestoreFailedError that names the tables of `database` whose rows are others."""
    actual = table_digests(target.endpoint, database, list(wanted))
    different = [table for table in wanted if wanted[table] != actual[table]]
    if different:
        raise RestoreFailedError(
            f"rows of {_names(different)} did not come back as they were;"
            " nothing in the database was touched",
            where=f"{target.name}, database {database}",
            why="; ".join(f"`{t}`: expected {wanted[t]}, got {actual[t]}" for t in different[:5]),
            hint="GRANT REPLICATION_APPLIER ON *.* TO the user (rows are then carried exactly); try again",
        )


def written_since(target: Target, digests: Mapping[str, TableDigest]) -> list[str]:
    """What users did to the tables after they were back, in words.

    The rows were judged while the tables were locked: a difference now is no failure.
    """
    now = table_digests(target.endpoint, target.database, list(digests))
    return [
        f"`{name}`: rows were written as soon as it was back ({digest.rows} then, {now[name].rows} now)"
        for name, digest in digests.items()
        if now[name] != digest
    ]


def is_untouched(connection: Connection, names: SideNames) -> bool:
    """Whether the present tables are whole and in place: no swap, and nothing taken off for one."""
    if read_plan(connection, names.aside) is not None:
        return False
    plan = read_plan(connection, names.side)
    return plan is None or FACT not in plan.facts


def _comparable(create_table: str) -> str:
    return without_defaults(canonical_table(create_table))


def _names(tables: Sequence[str]) -> str:
    return ", ".join(f"`{table}`" for table in tables[:5])


def different_tables(connection: Connection, database: str, old: OldState) -> list[str]:
    """Tables whose text is not the old one's, or that are on one side only."""
    names = set(table_names(connection, database)) if database_charset(connection, database) else set()
    return sorted(
        name
        for name in names | set(old.tables)
        if name not in names
        or name not in old.tables
        or _comparable(table_text(connection, database, name)) != _comparable(old.tables[name])
    )
