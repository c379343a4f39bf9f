"""The one way by which tables get back into a database: beside it, proven, then swapped in."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import pymysql

from resources import progress
from resources.errors import RestoreFailedError
from resources.mysql.connection import Connection, execute, quoted
from resources.mysql.digest import TableDigest, table_digests
from resources.mysql.server import PrivateServer
from resources.rollback.foreign_keys import children_of
from resources.rollback.load_side import LeftBehind, Loaded, Record, SideLoad
from resources.rollback.may_create import require_may_create
from resources.rollback.objects import (
    Definition,
    equalise,
    equalise_foreign_keys,
    equalise_views,
    read_objects,
)
from resources.rollback.old_state import OldState
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
from resources.rollback.tolerant_session import tolerant_session
from resources.target import Target


@dataclass(frozen=True)
class How:
    """What a restore does differently from a rollback."""

    by_files: bool = False
    """Whole files may be taken where they can be reached: the rows are in no binary log then, and the
    private server has ended."""
    left: LeftBehind | None = None
    """What an earlier run had complete."""
    views: Collection[str] | None = None
    """Nothing but the tables and these views is made equal; None: everything in the database is."""
    accept_missing_definers: bool = True
    command: str = ""
    """What to type to do the same again; errors add to it what a person may accept."""
    keeps_side: Callable[[BaseException], bool] = lambda _: False
    """After which errors the side database stays, for the next run to go on from."""
    judges_parents: bool = False
    """Whether rows that come back must find their parents in the tables that stay."""
    before_locks: Callable[[], None] = lambda: None
    """Called when everything is ready and no lock is held yet."""


@dataclass(frozen=True)
class PutBackResult:
    tables: tuple[str, ...]
    digests: Mapping[str, TableDigest]
    """Of the tables put back, as the source has them."""
    carrier: str
    """files, row events, mysqldump, several of them, or "" where a killed run had done that part."""
    aside: str
    """The database that holds what was replaced."""
    seconds: float
    notes: tuple[str, ...] = ()
    left_out: frozenset[str] = frozenset()
    """Views that gave errors before, too, and were not made again."""


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
    how: How | None = None,
) -> PutBackResult:
    """Make `tables` of the target (names there now, or in `old`, or both) and every view,
    routine, trigger and event equal to the private server's.

    Until the swap nothing in the database is touched; the swap is one atomic statement;
    what it replaced is in `names.aside` afterwards, without its triggers and foreign keys.
    May be called again after being killed anywhere: it finishes, or begins anew.
    `record(step, **facts)`: mending (where a killed run made it necessary), side, adopting,
    table (for each), loaded, compared, swapping, swapped, equal; on disk when it returns.
    `proven`: the tables' digests as the backup was proven to hold them, where that is known.
    `deadline` in seconds of time.monotonic(), up to the swap. Raises RestoreFailedError,
    BackupCorruptError, DiskFullError, MissingDefinerError, what `before_swap` raises, and
    pymysql errors.
    """
    begun, how = time.monotonic(), how or How()

    def still_time() -> None:
        if deadline is not None and time.monotonic() > deadline:
            raise RestoreFailedError(
                "ROLLBACK_TIMEOUT has passed; nothing in the database was touched",
                where=target.name,
                hint="raise ROLLBACK_TIMEOUT, then type the command again",
            )

    with tolerant_session(target) as connection:
        loaded: Loaded | None = None
        plan = read_plan(connection, names.aside)
        if plan is None:
            mend(connection, target.database, names, lambda **facts: record("mending", **facts))
            unfinished = read_plan(connection, names.side)
            for leftover in (names.side, names.aside):
                drop_database(connection, leftover)
            plan = _plan(connection, target.database, tables, unfinished)
            try:
                coming = [table for table in plan.tables if table in old.tables]
                loader = SideLoad(target, source, old, names, record, proven, still_time)
                notes = _begin(target, old, plan, names, connection, record, how)
                loaded = loader.run(coming, by_files=how.by_files, left=how.left)
                loaded.notes += notes
                record("loaded", carrier=loaded.carrier)
                record("compared")
                still_time()
                how.before_locks()
                _ensure_database(connection, target.database, old.charset)
                with tolerant_session(target) as other:
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
                        loaded.digests,
                        before_swap,
                        loaded.seen,
                        judges_parents=how.judges_parents,
                    )
            except Exception as error:
                if not how.keeps_side(error):
                    _tidy(connection, names)
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
        left_out = _finish(connection, target.database, plan, old, how.views)
        drop_database(connection, names.side)
        record("equal")
    if loaded is None:
        there = [table for table in plan.tables if table in old.tables]
        loaded = Loaded(table_digests(source.endpoint, old.database, there))
    loaded.notes += [
        f"view `{view}` was not made again, as it reads what is not there: {why}"
        for view, why in left_out.items()
    ]
    return PutBackResult(
        plan.tables,
        loaded.digests,
        loaded.carrier,
        names.aside,
        time.monotonic() - begun,
        tuple(loaded.notes),
        frozenset(left_out),
    )


def _plan(connection: Connection, database: str, tables: Sequence[str], unfinished: Plan | None) -> Plan:
    """`unfinished`: of a run that was killed, perhaps after it had dropped keys of other databases."""
    outside = {
        *outside_keys(connection, database, set(tables)),
        *(unfinished.outside_keys if unfinished else ()),
    }
    return Plan(tuple(sorted(set(tables))), tuple(sorted(outside)))


def _begin(
    target: Target,
    old: OldState,
    plan: Plan,
    names: SideNames,
    connection: Connection,
    record: Record,
    how: How,
) -> list[str]:
    """Make the two databases, see whether everything may be created; returns notes."""
    if MARKER in old.tables:
        raise RestoreFailedError(f"a table of the database is called {MARKER}", where=target.name)
    record("side", side=names.side, aside=names.aside, tables=list(plan.tables))
    make_side(connection, names, *old.charset)
    missing = _to_create(connection, target.database, plan, old)
    notes = require_may_create(
        connection,
        names.side,
        missing,
        accept_missing_definers=how.accept_missing_definers,
        command=how.command,
    )
    write_marker(connection, names, plan)
    return notes


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


def _finish(
    connection: Connection, database: str, plan: Plan, old: OldState, views: Collection[str] | None
) -> dict[str, str]:
    """What is not a table, and whatever a killed run left undone. May be repeated; returns as
    `create_views`."""
    execute(connection, f"USE {quoted(database)}")
    moved = set(plan.tables)
    near = set(old.tables) if views is None else moved | set(children_of(old.tables, moved))
    finish_locked(connection, database, plan, old.tables, old.objects, near)
    if views is None:
        equalise_foreign_keys(connection, database, dict(old.tables))
        return equalise(connection, database, old.objects)
    return equalise_views(connection, database, [one for one in old.objects.views if one.name in views])


def _tidy(connection: Connection, names: SideNames) -> None:
    """Drop what was made, unless it is needed to put right what was begun."""
    with suppress(pymysql.err.MySQLError):  # then the next run does it
        if connection.open and is_untouched(connection, names):
            for leftover in (names.side, names.aside):
                drop_database(connection, leftover)


def is_untouched(connection: Connection, names: SideNames) -> bool:
    """Whether the present tables are whole and in place: no swap, and nothing taken off for one."""
    if read_plan(connection, names.aside) is not None:
        return False
    plan = read_plan(connection, names.side)
    return plan is None or FACT not in plan.facts


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
