"""Getting rows from the private server into the side database: which way for each table, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from resources import progress
from resources.mysql.connection import Connection, execute, quoted, rows
from resources.rollback.copy_rows_by_dump import dump_table
from resources.rollback.copy_rows_by_events import EventCarrier, Piece, prepare_source
from resources.rollback.import_files import FileImport
from resources.rollback.journey import DUMP, ROW_EVENTS, Arrived, Journey, Ways
from resources.rollback.lanes import in_lanes
from resources.rollback.late_keys import without_late_keys
from resources.rollback.row_events import may_apply_events
from resources.rollback.server_files import UnreachableError

_SORT_BUFFER = 64 << 20
"""Bytes of the server's memory for building a table's indexes; its default is 1 MB."""
_BUILDERS = 2
"""Threads of the server that read a table and build its indexes. By default four of each, beside those of
another table: two indexes of 6 million rows took 12.1 s so, 10.3 s with two (2 cores, medians of 3)."""


def carry_rows(
    journey: Journey, tables: Mapping[str, str], arrived: Arrived, still_time: Callable[[], None]
) -> Ways:
    """Make and fill the side database's `tables` (name → text without foreign keys), several at once.

    `still_time` is called between tables and raises when there is none left. Raises what
    `arrived` raises, DiskFullError, RestoreFailedError, pymysql errors.
    """
    ways = Ways()

    def done(connection: Connection, table: str, way: str) -> None:
        arrived(connection, table, way)
        ways.taken[table] = way

    left = dict(tables)
    files = _file_import(journey, left, ways) if journey.by_files else None
    if files is not None:
        going = files.tables - files.copy_doubtful(done, still_time)
        left = {table: text for table, text in left.items() if table not in going}
    if left:
        with journey.open_target() as connection:
            exact = may_apply_events(connection)
        if exact:
            _by_events(journey, left, done, still_time)
        else:
            ways.say(
                "rows are put back by mysqldump, which changes types inside JSON: the account lacks"
                " REPLICATION_APPLIER (GRANT REPLICATION_APPLIER ON *.* TO the user)"
            )
            _by_dump(journey, left, done, still_time)
    if files is not None:
        files.move(done, still_time)  # last: the source ends with it
    return ways


def _file_import(journey: Journey, tables: Mapping[str, str], ways: Ways) -> FileImport | None:
    try:
        return FileImport(journey, tables, ways)
    except UnreachableError as error:
        ways.say(f"rows are put back one by one: {error}")
        return None


def _by_events(
    journey: Journey, left: Mapping[str, str], done: Arrived, still_time: Callable[[], None]
) -> None:
    prepare_source(journey.source)
    alters = _make(journey, left)
    carrier = EventCarrier(journey.source, journey.database, journey.side)
    with progress.step("put rows back as row events", unit="bytes") as step:

        def work(piece: Piece, connection: Connection) -> None:
            still_time()
            step.note(piece.table.name)
            table = carrier.carry(piece, connection, step)
            if table is not None:
                _add_keys(connection, journey.side, table, alters[table])
                done(connection, table, ROW_EVENTS)

        in_lanes(carrier.pieces(_largest_first(journey, left)), journey.open_target, work)


def _by_dump(
    journey: Journey, left: Mapping[str, str], done: Arrived, still_time: Callable[[], None]
) -> None:
    alters = _make(journey, left)
    with progress.step("put rows back by mysqldump", total=len(left), unit="tables") as step:

        def work(table: str, connection: Connection) -> None:
            still_time()
            step.note(table)
            dump_table(journey.endpoint, journey.source, journey.database, journey.side, table)
            _add_keys(connection, journey.side, table, alters[table])
            done(connection, table, DUMP)
            step.advance(1)

        in_lanes(_largest_first(journey, left), journey.open_target, work)


def _make(journey: Journey, tables: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """Make the empty tables; what is to be added to each of them later."""
    alters = {}
    with journey.open_target() as connection:
        execute(connection, f"USE {quoted(journey.side)}")
        for table, text in tables.items():
            split = without_late_keys(text)
            execute(connection, split.text)
            alters[table] = split.alters
    return alters


def _add_keys(connection: Connection, side: str, table: str, alters: tuple[str, ...]) -> None:
    if alters:
        _widen(connection)
    for alter in alters:
        execute(connection, f"ALTER TABLE {quoted(side)}.{quoted(table)} {alter}")


def _widen(connection: Connection) -> None:
    if rows(connection, "SHOW SESSION VARIABLES LIKE 'innodb_ddl_buffer_size'"):  # since 8.0.27
        execute(
            connection,
            f"SET SESSION innodb_ddl_buffer_size = {_SORT_BUFFER}, innodb_ddl_threads = {_BUILDERS},"
            f" innodb_parallel_read_threads = {_BUILDERS}",
        )


def _largest_first(journey: Journey, tables: Mapping[str, str]) -> list[str]:
    with journey.source.connect() as source:
        sizes = dict(
            rows(
                source,
                "SELECT table_name, COALESCE(data_length, 0) FROM information_schema.tables"
                " WHERE table_schema = %s",
                (journey.database,),
            )
        )
    return sorted(tables, key=lambda table: int(sizes.get(table, 0)), reverse=True)
