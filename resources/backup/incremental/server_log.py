"""What of the server's binary log an incremental backup will store."""

from __future__ import annotations

import time
from dataclasses import dataclass

import pymysql

from resources.backup.incremental.chain import FULL
from resources.backup.incremental.since import Contents, broken, files_since
from resources.backup.manifest import Manifest
from resources.errors import ChainBrokenError, PrivilegeError
from resources.mysql.binlog_fetch import ServerLog, begin_new_file, read_server_log
from resources.mysql.binlog_text import CannotTellError
from resources.mysql.connection import Connection, is_denied, value
from resources.mysql.gtid_set import GtidSet


@dataclass(frozen=True)
class Ahead:
    files: dict[str, int]
    """Name → bytes of it that count, in the order in which they were written."""
    end_file: str
    end_position: int
    """Where the next incremental backup begins."""
    executed: GtidSet
    """What the server had executed when this began: all of it must be in the files, or before."""
    clock_ahead: float
    """Seconds by which the server's clock is ahead of ours."""
    notes: tuple[str, ...] = ()

    def require_complete(self, parent: Manifest, contents: Contents) -> None:
        """Raises ChainBrokenError for transactions that the server executed and never logged."""
        missing = self.executed.minus(contents.end_gtids)
        if missing:
            raise broken(
                parent,
                "cannot be continued: transactions are missing in the binary log",
                f"{missing} (a replica without log_replica_updates, or gtid_purged was set)",
            )


def look_ahead(connection: Connection, parent: Manifest) -> Ahead:
    """Looks whether the parent can be continued before anything on the server is changed.

    Raises ChainBrokenError, PrivilegeError.
    """
    before = server_log(connection)
    files = files_since(parent, before)
    executed = GtidSet.parse(before.end.gtid_executed)
    clock_ahead = float(value(connection, "SELECT UNIX_TIMESTAMP(NOW(6))")) - time.time()
    notes = []
    logged = str(value(connection, "SELECT @@GLOBAL.binlog_format"))
    if logged != "ROW":
        notes.append(f"binlog_format is {logged}: statements may give other rows when they are replayed")
    if not begin_new_file(connection):
        notes.append(f"without RELOAD the open file is stored up to {before.end.file}:{before.end.position}")
        end = before.end
        return Ahead(files, end.file, end.position, executed, clock_ahead, tuple(notes))
    after = server_log(connection)
    files = files_since(parent, after)
    files.pop(after.end.file, None)
    return Ahead(files, after.end.file, 4, executed, clock_ahead, tuple(notes))


def server_log(connection: Connection) -> ServerLog:
    """Raises ChainBrokenError where there is none, PrivilegeError."""
    try:
        return read_server_log(connection)
    except CannotTellError as error:
        if isinstance(error.__cause__, pymysql.err.MySQLError) and is_denied(error.__cause__):
            raise PrivilegeError(
                "the account may not read the binary log",
                why=str(error),
                hint="GRANT REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO the user; then: dbsync doctor",
            ) from error
        raise ChainBrokenError(
            "there is no binary log that an incremental backup could store", why=str(error), hint=FULL
        ) from error
