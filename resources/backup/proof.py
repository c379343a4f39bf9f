"""The proof of a backup: a server runs on it, and every table was read there."""

from __future__ import annotations

import platform
import time
from dataclasses import dataclass
from datetime import UTC, datetime

import pymysql

from resources.backup.manifest import Proof
from resources.errors import BackupFailedError, EnvironmentCheckError
from resources.mysql.connection import Connection, rows
from resources.mysql.digest import TableDigest, table_digests
from resources.mysql.schema import Schema, read_schema
from resources.mysql.server import PrivateServer
from resources.prisma.history import read_history, schema_version


@dataclass(frozen=True)
class Contents:
    """What was found on the running copy."""

    tables: dict[str, TableDigest]
    schema: Schema
    schema_version: str
    seconds: float
    """From the start of the server to the last table read."""

    def proof(self, server: PrivateServer, how: str, of: str, restore_seconds: float) -> Proof:
        rows_read = sum(digest.rows for digest in self.tables.values())
        return Proof(
            proven=True,
            at=utc_text(),
            where=f"private MySQL {server.version} on {platform.node()}",
            seconds=round(self.seconds, 3),
            result=f"{how}; {len(self.tables)} tables with {rows_read:,} rows read and digested",
            of=of,
            restore_seconds=round(restore_seconds, 3),
        )


def no_proof() -> Proof:
    """Of a backup that nobody restored."""
    return Proof(False, "", "", 0.0, "NOT proven: BACKUP_PROOF=none, nothing was restored or read", of="")


def start_for_proof(server: PrivateServer) -> None:
    """Start a copy, its accounts out of force. Raises BackupFailedError when it does not start."""
    try:
        server.start(skip_grants=True, timeout=600)
    except EnvironmentCheckError as error:
        raise BackupFailedError(
            "the copy does not start, so it is no backup", where=error.where, why=error.why, hint=error.hint
        ) from error


def read_contents(server: PrivateServer, database: str, begun: float, *, with_rows: bool = True) -> Contents:
    """Read everything of `database` on a running copy; `begun` is time.monotonic() before its start.

    Without `with_rows` the schema only, and `tables` stays empty. Raises BackupFailedError.
    """
    try:
        with server.connect(database) as connection:
            schema = read_schema(connection, database)
            version = schema_version(read_history(connection, database) or [])
        tables = table_digests(server.endpoint, database) if with_rows else {}
    except pymysql.err.MySQLError as error:
        raise BackupFailedError(
            f"the copy of `{database}` cannot be read, so it is no backup",
            where=str(server.folder),
            why=str(error.args[-1] if error.args else error),
            hint="CHECK TABLE on the server; then: dbsync backup",
        ) from error
    return Contents(tables, schema, version, time.monotonic() - begun)


def unread_contents(connection: Connection, database: str) -> Contents:
    """What can be said without reading a row."""
    version = schema_version(read_history(connection, database) or [])
    return Contents({}, read_schema(connection, database), version, 0.0)


def clone_position(server: PrivateServer) -> tuple[str, int, str]:
    """(binary log file, position, GTID set) up to which a started clone holds everything."""
    with server.connect() as connection:
        found = rows(
            connection,
            "SELECT binlog_file, binlog_position, gtid_executed FROM performance_schema.clone_status",
        )
    if not found:
        raise BackupFailedError(
            "the copy does not know its position in the binary log",
            where=f"{server.folder}: performance_schema.clone_status is empty",
            hint="BACKUP_ENGINE=mysqldump dbsync backup",
        )
    file, position, gtids = found[0]
    return str(file or ""), int(position or 0), str(gtids or "").replace("\n", "")


def utc_text() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
