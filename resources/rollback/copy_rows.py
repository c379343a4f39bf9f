"""Getting rows from the private server into the side database: which way for each table, and why."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from resources import progress
from resources.mysql.connection import Connection, execute, quoted, rows
from resources.mysql.endpoint import Endpoint
from resources.mysql.server import PrivateServer
from resources.progress import Step
from resources.rollback.copy_files import (
    NotImportableError,
    import_table,
    require_room_for,
    source_files,
)
from resources.rollback.copy_rows_by_dump import dump_table
from resources.rollback.copy_rows_by_events import EventCarrier, Piece, prepare_source
from resources.rollback.lanes import in_lanes
from resources.rollback.late_keys import without_late_keys
from resources.rollback.row_events import may_apply_events
from resources.rollback.server_files import ServerFiles, UnreachableError, require_importable

FILES, ROW_EVENTS, DUMP = "files", "row events", "mysqldump"
_SORT_BUFFER = 64 << 20
"""Bytes of the server's memory for building a table's indexes; its default is 1 MB."""
_BUILDERS = 2
"""Threads of the server that read a table and build its indexes. By default four of each, beside those of
another table: two indexes of 6 million rows took 12.1 s so, 10.3 s with two (2 cores, medians of 3)."""

Arrived = Callable[[Connection, str, str], None]
"""`arrived(connection, table, way)`: a table is full and has its indexes. May raise."""


@dataclass(frozen=True)
class Journey:
    source: PrivateServer
    database: str
    """Of the source."""
    endpoint: Endpoint
    side: str
    """Database of the target that has none of the tables yet."""
    open_target: Callable[[], Connection]
    """A connection that takes old values as they are."""
    by_files: bool = False
    """Whether whole files may be taken, which leaves the rows out of the binary log."""


@dataclass
class Ways:
    taken: dict[str, str] = field(default_factory=dict)
    """Table → files, row events or mysqldump."""
    notes: list[str] = field(default_factory=list)
    """Why not by the faster way."""

    def __str__(self) -> str:
        return ", ".join(dict.fromkeys(self.taken.values()))

    def say(self, text: str) -> None:
        progress.say(text)
        self.notes.append(text)


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
    if journey.by_files:
        _by_files(journey, left, done, still_time, ways)
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
    return ways


def _by_files(
    journey: Journey, left: dict[str, str], done: Arrived, still_time: Callable[[], None], ways: Ways
) -> None:
    """Takes what arrives out of `left`."""
    try:
        with journey.open_target() as connection:
            reached = require_importable(connection, journey.source)
    except UnreachableError as error:
        ways.say(f"rows are put back one by one: {error}")
        return
    found = source_files(journey.source, journey.database, left)
    for table, reason in found.refused.items():
        ways.say(f"`{table}` is put back row by row: {reason}")
    require_room_for(reached, found.files)
    sizes = {table: sum(one.stat().st_size for one in files) for table, files in found.files.items()}
    order = sorted(sizes, key=lambda table: sizes[table], reverse=True)
    with progress.step("put tables back as files", total=sum(sizes.values()), unit="bytes") as step:

        def work(table: str, connection: Connection) -> None:
            still_time()
            step.note(table)
            if _import(journey, table, left[table], found.files[table], reached, connection, step, ways):
                done(connection, table, FILES)
                del left[table]

        in_lanes(order, journey.open_target, work)


def _import(
    journey: Journey,
    table: str,
    text: str,
    origins: tuple,
    reached: ServerFiles,
    connection: Connection,
    step: Step,
    ways: Ways,
) -> bool:
    """Whether the table could be imported; where it could not, it is not there."""
    if reason := _unlike(journey, table, text, connection):
        ways.say(f"`{table}` is put back row by row: {reason}")
        return False
    try:
        import_table(
            connection, journey.source, journey.database, journey.side, table, origins, reached, step
        )
    except NotImportableError as error:
        ways.say(f"`{table}` is put back row by row: {error}")
        return False
    return True


def _unlike(journey: Journey, table: str, text: str, connection: Connection) -> str:
    """Make the empty table; "" where its file will look like the source's, else why not, and it is gone."""
    execute(connection, f"USE {quoted(journey.side)}")
    execute(connection, text)
    sql = (
        "SELECT row_format, create_options LIKE '%%ENCRYPTION=_Y_%%' FROM information_schema.tables"
        " WHERE table_schema = %s AND table_name = %s"
    )
    with journey.source.connect() as source:
        origin = rows(source, sql, (journey.database, table))[0]
    copy = rows(connection, sql, (journey.side, table))[0]
    if origin == copy:
        return ""
    execute(connection, f"DROP TABLE {quoted(table)}")
    if origin[0] != copy[0]:
        return f"its row format is {origin[0]}, and the server makes it {copy[0]}"
    return "the server encrypts it"


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
