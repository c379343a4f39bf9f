"""Getting rows from the private server into the side database: which way, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pymysql

from resources import progress
from resources.mysql.connection import Connection, connect, execute, is_denied, quoted
from resources.mysql.endpoint import Endpoint
from resources.mysql.server import PrivateServer
from resources.rollback.copy_rows_by_dump import dump_table
from resources.rollback.copy_rows_by_events import carry_table, prepare_source

ROW_EVENTS, DUMP = "row events", "mysqldump"


def carry_rows(
    endpoint: Endpoint,
    source: PrivateServer,
    database: str,
    side: str,
    tables: Sequence[str],
    still_time: Callable[[], None],
) -> str:
    """Fill the target's empty tables `side`.* from the source's `database`.*; returns the way taken.

    `still_time` is called between tables and raises when there is none left.
    """
    with connect(endpoint) as target:
        execute(target, "SET SESSION foreign_key_checks = 0, unique_checks = 0")
        exact = may_apply_events(target)
        way = ROW_EVENTS if exact else DUMP
        if exact:
            prepare_source(source)
        else:
            progress.say(
                "rows are put back by mysqldump, which changes types inside JSON: the account lacks"
                " REPLICATION_APPLIER (GRANT REPLICATION_APPLIER ON *.* TO the user)"
            )
        with source.connect() as connection:
            execute(connection, f"DROP DATABASE IF EXISTS {quoted(side)}")
            execute(connection, f"CREATE DATABASE {quoted(side)}")
        with progress.step(f"put rows back by {way}", unit="bytes") as step:
            for table in tables:
                still_time()
                step.note(table)
                if exact:
                    carry_table(source, database, side, table, target, step)
                else:
                    dump_table(endpoint, source, database, side, table)
        with source.connect() as connection:
            execute(connection, f"DROP DATABASE {quoted(side)}")
    return way


def may_apply_events(connection: Connection) -> bool:
    try:
        execute(connection, "SET SESSION gtid_next = 'AUTOMATIC'")
        execute(connection, "BINLOG ''")
    except pymysql.err.MySQLError as error:
        # Past the privilege check the empty statement is a syntax error.
        return not is_denied(error)
    return True
