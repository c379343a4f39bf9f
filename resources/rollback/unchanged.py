"""Whether a table was written to since it was looked at, without reading it again.

The server counts writes by table (performance_schema), and remembers when a table was made or
emptied. Where it does not count everything, nothing is concluded from that.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

import pymysql

from resources.mysql.connection import Connection, is_denied, rows

T = TypeVar("T")
_LOST = (
    "Performance_schema_table_handles_lost",
    "Performance_schema_table_instances_lost",
    "Performance_schema_thread_instances_lost",
)


@dataclass(frozen=True)
class Seen:
    """What was known of a table at one moment."""

    writes: int
    made: str
    """When it was created, emptied or rebuilt."""
    reads: int = 0


def counts_everything(connection: Connection) -> bool:
    """Whether the server counts the accesses of every session to every user's table."""
    sql = (
        "SELECT (SELECT COUNT(*) FROM performance_schema.setup_instruments"
        " WHERE name = 'wait/io/table/sql/handler' AND enabled = 'YES'),"
        " (SELECT COUNT(*) FROM performance_schema.setup_consumers"
        " WHERE name = 'global_instrumentation' AND enabled = 'YES'),"
        " (SELECT COUNT(*) FROM performance_schema.setup_actors"
        " WHERE host = '%' AND user = '%' AND role = '%' AND enabled = 'YES'),"
        " (SELECT COUNT(*) FROM performance_schema.setup_actors WHERE enabled <> 'YES'),"
        " (SELECT COUNT(*) FROM performance_schema.setup_objects WHERE object_type = 'TABLE'"
        " AND object_schema = '%' AND object_name = '%' AND enabled = 'YES'),"
        " (SELECT COUNT(*) FROM performance_schema.setup_objects WHERE object_type = 'TABLE'"
        " AND enabled <> 'YES'"
        " AND object_schema NOT IN ('mysql', 'performance_schema', 'information_schema'))"
    )
    lost = "SHOW GLOBAL STATUS WHERE variable_name IN (" + ", ".join(f"'{name}'" for name in _LOST) + ")"
    try:
        if any(int(number) for _, number in rows(connection, lost)):
            return False
        return tuple(map(int, rows(connection, sql)[0])) == (1, 1, 1, 0, 1, 0)
    except pymysql.err.MySQLError as error:
        if is_denied(error):
            return False
        raise


def look_at(connection: Connection, database: str, table: str | None = None) -> dict[str, Seen]:
    """What is known now of each table of `database`, or of one."""
    sql = (
        "SELECT t.table_name, COALESCE(p.count_write, 0), COALESCE(p.count_read, 0),"
        " CAST(t.create_time AS CHAR)"
        " FROM information_schema.tables t LEFT JOIN performance_schema.table_io_waits_summary_by_table p"
        " ON p.object_schema = t.table_schema AND p.object_name = t.table_name"
        " WHERE t.table_schema = %s AND (%s IS NULL OR t.table_name = %s)"
    )
    return {
        str(name): Seen(int(writes), str(made), int(reads))
        for name, writes, reads, made in rows(connection, sql, (database, table, table))
    }


def while_reading(
    connection: Connection, database: str, table: str, read: Callable[[], T]
) -> tuple[T, Seen | None]:
    """What `read`, which reads the table, returns, and what was known when it began.

    None where that is no proof: nothing is counted, or somebody wrote meanwhile.
    """
    if not counts_everything(connection):
        return read(), None
    before = look_at(connection, database, table).get(table)
    found = read()
    after = look_at(connection, database, table).get(table)
    # A reading that was not counted says that writes are not counted either.
    sound = before and after and after.reads > before.reads and is_unwritten(before, after)
    return found, before if sound else None


def is_unwritten(before: Seen, now: Seen) -> bool:
    return (before.writes, before.made) == (now.writes, now.made)
