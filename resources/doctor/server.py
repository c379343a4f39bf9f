"""Server settings that decide how well a rollback can work."""

from __future__ import annotations

from collections.abc import Iterator

from resources.doctor.check import Patient, check
from resources.doctor.finding import Finding
from resources.errors import NoSuchDatabaseError, PrivilegeError
from resources.mysql.connection import connect, rows, value

_LOST = "what users wrote since the backup cannot be counted, so a rollback will ask a person"


@check("server: binary log", "server")
def binary_log(patient: Patient) -> Iterator[Finding]:
    name = "server: binary log"
    if not value(patient.connection, "SELECT @@log_bin"):
        yield Finding(
            name, "warn", f"log_bin is off: {_LOST}", "start the server with log_bin=binlog and a server_id"
        )
        return
    binlog_format, row_image = rows(
        patient.connection, "SELECT @@GLOBAL.binlog_format, @@GLOBAL.binlog_row_image"
    )[0]
    good = True
    if binlog_format != "ROW":
        good = False
        yield Finding(
            name, "warn", f"binlog_format is {binlog_format}: {_LOST}", "SET PERSIST binlog_format = ROW;"
        )
    if row_image != "FULL":
        good = False
        yield Finding(
            name,
            "warn",
            f"binlog_row_image is {row_image}: users' changed values cannot be read back",
            "SET PERSIST binlog_row_image = FULL;",
        )
    if good:
        yield Finding(name, "ok", "on, ROW, full row images")


@check("server: binary log column names", "server")
def row_metadata(patient: Patient) -> Iterator[Finding]:
    name = "server: binary log column names"
    found = dict(rows(patient.connection, "SHOW GLOBAL VARIABLES LIKE 'binlog_row_metadata'"))
    if found.get("binlog_row_metadata") == "FULL":
        yield Finding(name, "ok", "binlog_row_metadata is FULL")
    else:
        yield Finding(
            name,
            "warn",
            "binlog_row_metadata is not FULL: row events carry positions instead of column names, so rows "
            "written after a migration cannot be carried back over a changed column order",
            "SET PERSIST binlog_row_metadata = FULL;",
        )


@check("server: database", "server")
def database(patient: Patient) -> Iterator[Finding]:
    name, target = "server: database", patient.target
    try:
        connect(target.endpoint, target.database).close()
    except NoSuchDatabaseError:
        yield Finding(
            name,
            "warn",
            f"there is no database `{target.database}`; the first deployment makes it",
            "correct the name at the end of DATABASE_URL if that is not what you want",
        )
    except PrivilegeError:
        yield Finding(name, "skip", "this account may not see it; the privileges say what is missing")
    else:
        yield Finding(name, "ok", f"`{target.database}` is there")


@check("server: global transaction ids", "server")
def gtid_mode(patient: Patient) -> Iterator[Finding]:
    mode = value(patient.connection, "SELECT @@GLOBAL.gtid_mode")
    detail = "on" if mode == "ON" else f"{mode}; backups are placed by binary log file and position instead"
    yield Finding("server: global transaction ids", "ok", detail)


@check("server: writable", "server")
def writable(patient: Patient) -> Iterator[Finding]:
    read_only = value(patient.connection, "SELECT @@GLOBAL.read_only OR @@GLOBAL.super_read_only")
    if read_only:
        yield Finding(
            "server: writable",
            "fail",
            "the server is read-only (a replica, perhaps): nothing can be migrated there",
            "point DATABASE_URL at the primary server",
        )
    else:
        yield Finding("server: writable", "ok", "it takes writes")
