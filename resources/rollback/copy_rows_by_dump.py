"""Rows as text, from mysqldump into mysql by a pipe: where the account may not apply row events."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Mapping

from resources.child_environment import mysql_environment
from resources.errors import RestoreFailedError
from resources.mysql.connection import Connection, execute, option_file, quoted, rows
from resources.mysql.endpoint import Endpoint
from resources.mysql.server import PrivateServer
from resources.redact import redact
from resources.rollback.copy_rows_by_events import stored_columns


def dump_table(endpoint: Endpoint, source: PrivateServer, database: str, side: str, table: str) -> None:
    """Copy one table's rows; raises RestoreFailedError when either program fails.

    mysqldump prints a FLOAT with six digits; a table with one is read from a copy that has
    DOUBLE instead, whose text comes back as the same FLOAT.
    """
    with source.connect() as connection:
        stored = stored_columns(connection, database, table)
        floats = rows(
            connection,
            "SELECT column_name, is_nullable FROM information_schema.columns WHERE table_schema = %s"
            " AND table_name = %s AND data_type = 'float'",
            (database, table),
        )
        doubled = {name: nullable == "YES" for name, nullable in floats if name in stored}
        if doubled:
            _make_copy(connection, database, side, table, stored, doubled)
    _pipe(endpoint, source, side if doubled else database, side, table)
    if doubled:
        with source.connect() as connection:
            execute(connection, f"DROP TABLE {quoted(side)}.{quoted(table)}")


def _make_copy(
    connection: Connection,
    database: str,
    side: str,
    table: str,
    stored: list[str],
    floats: Mapping[str, bool],
) -> None:
    """`floats`: column → whether it may be NULL."""
    origin, copy = f"{quoted(database)}.{quoted(table)}", f"{quoted(side)}.{quoted(table)}"
    execute(
        connection,
        "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO', foreign_key_checks = 0, innodb_strict_mode = OFF",
    )
    execute(connection, f"CREATE DATABASE IF NOT EXISTS {quoted(side)}")
    execute(connection, f"DROP TABLE IF EXISTS {copy}")
    execute(connection, f"CREATE TABLE {copy} LIKE {origin}")
    for name, nullable in floats.items():
        null = "NULL" if nullable else "NOT NULL"
        execute(connection, f"ALTER TABLE {copy} MODIFY {quoted(name)} DOUBLE {null}")
    columns = ", ".join(map(quoted, stored))
    execute(connection, f"INSERT INTO {copy} ({columns}) SELECT {columns} FROM {origin}")


def _pipe(endpoint: Endpoint, source: PrivateServer, origin: str, side: str, table: str) -> None:
    programs = source.installation
    with (
        option_file(source.endpoint) as read_options,
        option_file(endpoint) as write_options,
        tempfile.TemporaryFile() as read_errors,
        tempfile.TemporaryFile() as write_errors,
    ):
        dump = [
            *programs.command("mysqldump"),
            f"--defaults-file={read_options}",
            "--no-create-info",
            "--complete-insert",
            "--hex-blob",
            "--skip-triggers",
            "--skip-lock-tables",
            "--skip-add-locks",
            "--skip-disable-keys",
            "--no-tablespaces",
            "--set-gtid-purged=OFF",
            "--column-statistics=0",
            "--default-character-set=utf8mb4",
            "--max-allowed-packet=1G",
            "--",
            origin,
            table,
        ]
        load = [
            *programs.command("mysql"),
            f"--defaults-file={write_options}",
            "--binary-mode",
            "--max-allowed-packet=1G",
            "--default-character-set=utf8mb4",
            "--init-command=SET SESSION foreign_key_checks=0, unique_checks=0",
            f"--database={side}",
        ]
        with subprocess.Popen(
            dump,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=read_errors,
            env=mysql_environment(),
        ) as reading:
            with subprocess.Popen(
                load,
                stdin=reading.stdout,
                stdout=subprocess.DEVNULL,
                stderr=write_errors,
                env=mysql_environment(),
            ) as writing:
                assert reading.stdout
                # Only the two programs hold the pipe, so that one ends when the other does.
                reading.stdout.close()
                writing.wait()
            reading.wait()
        for name, process, errors in (("mysql", writing, write_errors), ("mysqldump", reading, read_errors)):
            if process.returncode != 0:
                errors.seek(0)
                raise RestoreFailedError(
                    f"the rows of `{table}` could not be put back; nothing in the database was changed",
                    where=f"{name}, exit code {process.returncode}",
                    why=redact(errors.read(2000).decode(errors="replace")).strip(),
                    hint="GRANT REPLICATION_APPLIER ON *.* TO the user (another way is taken then)",
                )
