"""Whether this process can reach the data folder of the target's server, and what it leaves there."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pymysql

from resources.mysql.connection import Connection, Row, is_denied, rows, value
from resources.mysql.installation import parse_version
from resources.mysql.server import PrivateServer

TABLESPACE, METADATA = ".ibd", ".cfg"
COPYING = ".dbsync"
"""Suffix of a file on its way: no server takes it for a tablespace."""
_OURS = (TABLESPACE, METADATA, ".cfp", COPYING)
_ALIKE = ("innodb_page_size", "lower_case_table_names")


@dataclass(frozen=True)
class ServerFiles:
    datadir: Path
    page_size: int

    def folder_of(self, database: str) -> Path | None:
        """The folder of one of dbsync's own databases, by its end, which the server does not escape."""
        end = database[database.rindex("__dbsync_") :]
        found = [place for place in self.datadir.iterdir() if place.name.endswith(end) and place.is_dir()]
        return found[0] if len(found) == 1 else None


class UnreachableError(Exception):
    """The server's files cannot be used from here; the text says why."""


def server_files(connection: Connection) -> ServerFiles:
    """Raises UnreachableError. The same path may exist on another machine: the server's identity decides."""
    datadir, uuid, page_size = rows(connection, "SELECT @@datadir, @@server_uuid, @@innodb_page_size")[0]
    identity = Path(str(datadir)) / "auto.cnf"
    try:
        text = identity.read_text(encoding="utf-8", errors="replace")
    except FileNotFoundError:
        raise UnreachableError("the server's files are not on this machine") from None
    except OSError as error:
        raise UnreachableError(f"the server's files may not be read by this user: {error}") from None
    if str(uuid) not in text:
        raise UnreachableError(f"{identity} is of another server")
    return ServerFiles(Path(str(datadir)), int(page_size))


def require_importable(connection: Connection, source: PrivateServer) -> ServerFiles:
    """The files of a server into which tables of `source` can be imported. Raises UnreachableError."""
    files = server_files(connection)
    theirs = parse_version(str(value(connection, "SELECT VERSION()")))
    ours = source.installation.version_tuple
    if theirs[:2] != ours[:2] or theirs < ours:
        raise UnreachableError(f"the server is MySQL {_text(theirs)}, the private copy {_text(ours)}")
    with source.connect() as copy:
        for name in _ALIKE:
            here, there = (value(one, f"SELECT @@{name}") for one in (copy, connection))
            if here != there:
                raise UnreachableError(f"{name} is {there} on the server and {here} in the private copy")
    if not int(value(connection, "SELECT @@innodb_file_per_table")):
        raise UnreachableError("innodb_file_per_table is OFF on the server")
    _require_no_replica(connection)
    if files.datadir.stat().st_uid != os.geteuid() and os.geteuid() != 0:
        raise UnreachableError("files made by this user would not belong to the server's user")
    return files


def remove_arriving(connection: Connection, database: str) -> None:
    """Remove what a killed dbsync was still copying into the folder of a database of dbsync's."""
    with suppress(UnreachableError, OSError):
        folder = server_files(connection).folder_of(database)
        for path in list(folder.iterdir()) if folder else ():
            if path.name.endswith(COPYING) and not path.is_symlink():
                path.unlink(missing_ok=True)


def remove_strays(connection: Connection, database: str) -> None:
    """Remove the files of no table from the folder of a database of dbsync's that has no table any more.

    The server leaves a file that it had not imported yet; its number could be given out again.
    """
    with suppress(UnreachableError, OSError):
        folder = server_files(connection).folder_of(database)
        tables = "SELECT 1 FROM information_schema.tables WHERE table_schema = %s LIMIT 1"
        if folder is None or rows(connection, tables, (database,)):
            return
        for path in list(folder.iterdir()):
            if path.name.endswith(_OURS) and not path.is_symlink():
                path.unlink(missing_ok=True)
        schema = "SELECT 1 FROM information_schema.schemata WHERE schema_name = %s"
        if not rows(connection, schema, (database,)):
            folder.rmdir()


def _require_no_replica(connection: Connection) -> None:
    """A replica would be told to import a file that it does not have, and stop."""
    members = "SELECT 1 FROM performance_schema.replication_group_members WHERE member_state = 'ONLINE'"
    try:
        found = _replicas(connection) or rows(connection, members)
    except pymysql.err.MySQLError as error:
        if not is_denied(error):
            raise
        raise UnreachableError("whether the server has replicas may not be read by this account") from None
    if found:
        raise UnreachableError("the server has replicas, which files do not reach")


def _replicas(connection: Connection) -> list[Row]:
    try:
        return rows(connection, "SHOW REPLICAS")
    except pymysql.err.ProgrammingError:  # before 8.0.22
        return rows(connection, "SHOW SLAVE HOSTS")


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
