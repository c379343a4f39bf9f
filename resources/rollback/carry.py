"""Carries rows from a private server into side tables on the target, byte for byte."""

from __future__ import annotations

from collections.abc import Sequence

import pymysql

from resources import progress
from resources.errors import RestoreFailedError
from resources.mysql.connection import connect, execute, quoted
from resources.mysql.digest import TableDigest
from resources.mysql.endpoint import Endpoint
from resources.mysql.server import PrivateServer
from resources.rollback.carry_events import carry_table, prepare_source


def carry_rows(
    source: PrivateServer,
    database: str,
    tables: Sequence[str],
    target: Endpoint,
    side: str,
    digests: dict[str, TableDigest],
) -> None:
    """Fill the empty tables `side`.t on the target with the rows of `database`.t on `source`.

    Raises RestoreFailedError; the target's own database is not touched either way.
    """
    filled = [table for table in tables if digests[table].rows]
    prepare_source(source)
    with source.connect() as connection:
        execute(connection, f"CREATE DATABASE IF NOT EXISTS {quoted(side)}")
    try:
        with progress.step("carry rows", unit="bytes") as step, connect(target) as connection:
            # Rows were valid where they come from; checking them again would need their parents first.
            execute(connection, "SET SESSION foreign_key_checks = 0, unique_checks = 0")
            for table in filled:
                step.note(table)
                carry_table(source, database, side, table, connection, step)
    except pymysql.err.MySQLError as error:
        raise RestoreFailedError(
            "the rows could not be carried over",
            where=str(target),
            why=str(error.args[-1] if error.args else error),
            hint="the account needs REPLICATION_APPLIER (or BINLOG_ADMIN): dbsync doctor",
        ) from error
    finally:
        with source.connect() as connection:
            execute(connection, f"DROP DATABASE IF EXISTS {quoted(side)}")
