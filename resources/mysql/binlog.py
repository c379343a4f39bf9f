"""The server's binary log: where it is now, and what was changed since a position."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pymysql

from resources.child_environment import mysql_environment
from resources.mysql.binlog_text import CannotTellError, Changes, TextReader, lines_of
from resources.mysql.connection import Connection, Row, connect, is_denied, option_file, rows, value
from resources.mysql.endpoint import Endpoint
from resources.mysql.installation import MysqlInstallation
from resources.redact import redact


@dataclass(frozen=True)
class Position:
    file: str
    position: int
    gtid_executed: str = ""


def current_position(connection: Connection) -> Position:
    """The end of the binary log. Raises CannotTellError when there is none, or no right to know it."""
    try:
        if not int(value(connection, "SELECT @@log_bin")):
            raise CannotTellError("the server writes no binary log (log_bin is OFF)")
        found = _status(connection)
    except pymysql.err.MySQLError as error:
        if is_denied(error):
            raise CannotTellError(f"the account may not read the binary log: {error.args[-1]}") from error
        raise
    if not found:
        raise CannotTellError("the server does not say where its binary log ends")
    file, position, do_db, ignore_db, gtids = (*found[0], "", "")[:5]
    if do_db or ignore_db:
        raise CannotTellError("the binary log leaves databases out (binlog_do_db, binlog_ignore_db)")
    return Position(str(file), int(position), str(gtids).replace("\n", ""))


def _status(connection: Connection) -> list[Row]:
    try:
        return rows(connection, "SHOW BINARY LOG STATUS")
    except pymysql.err.ProgrammingError:  # before 8.2
        return rows(connection, "SHOW MASTER STATUS")


def row_changes(
    endpoint: Endpoint, installation: MysqlInstallation, database: str, file: str, position: int
) -> Changes:
    """Every change in `database` from `file`:`position` to the end of the log, by session.

    mysqlbinlog decodes, a pipe carries, lines are counted as they come. Raises
    CannotTellError when the log is off, purged, not in row format or may not be read.
    """
    with connect(endpoint) as connection:
        end = current_position(connection)
        if str(value(connection, "SELECT @@GLOBAL.binlog_format")) != "ROW":
            raise CannotTellError("the binary log is not in row format (binlog_format)")
        folded = bool(int(value(connection, "SELECT @@lower_case_table_names")))
    if not file:
        raise CannotTellError("the backup has no binary log position")
    if (file, position) == (end.file, end.position):
        return Changes(file=file, position=position, folded=folded)
    with option_file(endpoint) as options:
        command = [
            *installation.command("mysqlbinlog"),
            f"--defaults-file={options}",
            "--read-from-remote-server",
            "--to-last-log",
            f"--start-position={position}",
            *_AS_TEXT,
            "--",
            file,
        ]
        return _read(command, TextReader(database, file, position, folded))


def changes_in_files(
    installation: MysqlInstallation, database: str, files: Sequence[Path], position: int, *, folded: bool
) -> Changes:
    """As row_changes, of binary log files that lie here; `position` is in the first of them.

    `folded`: their server ignores case in names. Raises CannotTellError.
    """
    if not files:
        return Changes(folded=folded)
    command = [
        *installation.command("mysqlbinlog"),
        "--no-defaults",
        f"--start-position={position}",
        *_AS_TEXT,
        "--",
        *map(str, files),
    ]
    return _read(command, TextReader(database, files[0].name, position, folded))


_AS_TEXT = ("--verbose", "--base64-output=DECODE-ROWS")


def _read(command: list[str], reader: TextReader) -> Changes:
    begun = f"{reader.changes.file}:{reader.changes.position}"
    with tempfile.TemporaryFile() as errors:
        # Times in the text are local times otherwise.
        with subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            env=mysql_environment(TZ="UTC", LC_ALL="C"),
        ) as process:
            assert process.stdout
            try:
                changes = reader.read(lines_of(process.stdout))
            except BaseException:
                process.kill()
                raise
        if process.returncode != 0:
            errors.seek(0)
            said = redact(errors.read(4000).decode(errors="replace")).strip()
            raise CannotTellError(f"the binary log from {begun} on cannot be read: {said}")
    return changes
