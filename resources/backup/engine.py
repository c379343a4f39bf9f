"""Which engine makes the backup, and why: CLONE wherever it can, else the best logical tool that is here."""

from __future__ import annotations

from dataclasses import dataclass

import pymysql

from resources.backup.mydumper_tls import why_not_tls
from resources.backup.mydumper_tool import MydumperTool, NoMydumperError, find_mydumper
from resources.backup.mydumper_trial import why_not
from resources.backup.source import Source
from resources.doctor.grants import read_grants
from resources.doctor.versions import clone_fits, dump_fits
from resources.errors import BackupFailedError
from resources.mysql.connection import Connection, rows, value
from resources.mysql.installation import MysqlInstallation
from resources.target import Target

_SMALL_PART = 20
_LARGE_INSTANCE = 4 << 30
"""A clone copies the whole instance. From this size on, a database that is less than a
twentieth of it is dumped instead: dump and load cost ten to twenty times as much per byte."""


class CloneImpossibleError(Exception):
    """Why this server cannot be cloned, as a phrase, and the command that would change it."""

    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.reason = reason
        self.hint = hint


@dataclass(frozen=True)
class Choice:
    engine: str
    """clone, mydumper or mysqldump."""
    reason: str
    tool: MydumperTool | None = None
    """Of mydumper."""


def choose_engine(
    target: Target, source: Source, installation: MysqlInstallation, connection: Connection
) -> Choice:
    """Raises BackupFailedError when the engine that is asked for, or every one, is impossible."""
    if target.backup_engine == "mysqldump":
        require_dump_fits(source, installation)
        return Choice("mysqldump", "BACKUP_ENGINE asks for it")
    if target.backup_engine == "mydumper":
        require_dump_fits(source, installation)
        return _forced_mydumper(target, installation)
    try:
        require_clone(target, source, installation, connection)
    except CloneImpossibleError as error:
        return instead_of_clone(target, source, installation, error)
    if target.backup_engine == "clone":
        return Choice("clone", "BACKUP_ENGINE asks for it")
    if source.instance_bytes > max(_LARGE_INSTANCE, _SMALL_PART * source.database_bytes) and dump_fits(
        source.version, installation.version
    ):
        share = f"{source.database_bytes:,} of the instance's {source.instance_bytes:,} bytes"
        why = f"the database is only {share}, and a clone copies all of it"
        return logical(target, source, installation, why)
    return Choice("clone", "the server can be cloned")


def instead_of_clone(
    target: Target, source: Source, installation: MysqlInstallation, error: CloneImpossibleError
) -> Choice:
    """A logical engine, with the reason. Raises BackupFailedError when only a clone will do."""
    if target.backup_engine == "clone":
        raise BackupFailedError(
            "the server cannot be cloned, and BACKUP_ENGINE=clone allows nothing else",
            where=str(target.endpoint),
            why=error.reason,
            hint=error.hint or "unset BACKUP_ENGINE to fall back to a logical dump",
        ) from error
    return logical(target, source, installation, f"clone not possible: {error.reason}")


def logical(target: Target, source: Source, installation: MysqlInstallation, why: str) -> Choice:
    """mydumper where one is here that passes its test run, else mysqldump.

    Raises BackupFailedError where the programs here are older than the server.
    """
    require_dump_fits(source, installation)
    try:
        tool = find_mydumper(target)
        refused = why_not_tls(target, tool, installation) or why_not(target, tool, installation)
    except NoMydumperError as error:
        return Choice("mysqldump", f"{why}; {error}" if target.mydumper else why)
    if refused:
        return Choice("mysqldump", f"{why}; mydumper {tool.version} is not used: {refused}")
    return Choice("mydumper", f"{why}; mydumper {tool.version} passed its test run", tool)


def instead_of_mydumper(choice: Choice, error: BackupFailedError) -> Choice:
    """mysqldump, with what mydumper had to say."""
    return Choice("mysqldump", f"{choice.reason}, and then failed: {error.what}")


def _forced_mydumper(target: Target, installation: MysqlInstallation) -> Choice:
    """Without a test run of what it loses: its proof judges that. No proof sees how it connected."""
    try:
        tool = find_mydumper(target)
        refused = why_not_tls(target, tool, installation)
    except NoMydumperError as error:
        refused, tool = str(error), None
    if refused or tool is None:
        raise BackupFailedError(
            "BACKUP_ENGINE=mydumper allows nothing else, and mydumper cannot be used",
            where=str(target.mydumper or "PATH"),
            why=refused,
            hint="install mydumper and set MYDUMPER to it, or unset BACKUP_ENGINE",
        )
    return Choice("mydumper", f"BACKUP_ENGINE asks for it (mydumper {tool.version})", tool)


def require_dump_fits(source: Source, installation: MysqlInstallation) -> None:
    """An older mysqldump does not know all that a newer server can hold, and leaves it out."""
    if not dump_fits(source.version, installation.version):
        raise BackupFailedError(
            f"mysqldump {installation.version} is older than the server's MySQL {source.version}",
            where=" ".join(installation.command("mysqldump")[-1:]),
            hint=f"install MySQL {source.version} here and set MYSQLD to its mysqld",
        )


def require_clone(
    target: Target, source: Source, installation: MysqlInstallation, connection: Connection
) -> None:
    """Everything about the donor that CLONE needs and that can be read beforehand."""
    if not clone_fits(source.version, installation.version):
        raise CloneImpossibleError(
            f"the server runs MySQL {source.version}, and mysqld here is {installation.version}",
            f"install MySQL {source.version} here and set MYSQLD to its mysqld",
        )
    status = value(
        connection, "SELECT plugin_status FROM information_schema.plugins WHERE plugin_name = 'clone'"
    )
    if status != "ACTIVE":
        raise CloneImpossibleError(
            "the CLONE plugin is not active on the server",
            "on the server: INSTALL PLUGIN clone SONAME 'mysql_clone.so';",
        )
    if "BACKUP_ADMIN" not in read_grants(connection).everywhere:
        raise CloneImpossibleError(
            f"`{target.endpoint.user}` lacks BACKUP_ADMIN", "the GRANT is printed by: dbsync doctor"
        )
    if value(connection, "SELECT @@skip_networking"):
        raise CloneImpossibleError("the server does not listen on TCP, and a clone comes that way")
    _require_plain_tables(target, connection)


def _require_plain_tables(target: Target, connection: Connection) -> None:
    others = rows(
        connection,
        "SELECT table_name, engine FROM information_schema.tables"
        " WHERE table_schema = %s AND table_type = 'BASE TABLE' AND engine <> 'InnoDB' ORDER BY 1",
        (target.database,),
    )
    if others:
        listed = ", ".join(f"`{table}` ({engine})" for table, engine in others[:5])
        raise CloneImpossibleError(
            f"{len(others)} tables are not InnoDB, and CLONE would lose their rows: {listed}",
            "ALTER TABLE … ENGINE = InnoDB;",
        )
    try:
        # A remote clone creates such files under the same absolute path, on this machine.
        outside = value(
            connection, "SELECT path FROM information_schema.innodb_datafiles WHERE path LIKE '/%' LIMIT 1"
        )
        encrypted = value(
            connection,
            "SELECT name FROM information_schema.innodb_tablespaces WHERE encryption = 'Y' LIMIT 1",
        )
    except pymysql.err.MySQLError as error:
        raise CloneImpossibleError(
            f"the server's tablespaces cannot be read ({error.args[-1]})", "GRANT PROCESS ON *.* TO the user;"
        ) from error
    if outside:
        raise CloneImpossibleError(f"a tablespace lies outside the data folder: {outside}")
    if encrypted:
        raise CloneImpossibleError(f"tablespace {encrypted} is encrypted, and its key is not here")
