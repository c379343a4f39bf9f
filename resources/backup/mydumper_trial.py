"""Whether a mydumper is worth using: it dumps a small database of known traps, and gets it back or not.

Versions differ in what they lose: 0.10 crashes on a backtick in a table's name, no longer divides
tables and gets no routine back on MySQL 9; both it and 1.0.1 lose the values of INVISIBLE columns.
FLOAT and typed JSON are no traps here: mysqldump, the alternative, changes them as well.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import replace
from pathlib import Path

import pymysql

from resources import progress
from resources.backup.kept_verdict import kept_verdict
from resources.backup.mydumper import dump_plain, load_plain, position
from resources.backup.mydumper_tool import MydumperTool
from resources.backup.work_folder import work_folder
from resources.errors import BackupFailedError
from resources.mysql.connection import connect, execute
from resources.mysql.digest import table_digests
from resources.mysql.endpoint import Endpoint
from resources.mysql.installation import MysqlInstallation
from resources.mysql.schema import KINDS, Schema, read_schema
from resources.mysql.server import PrivateServer
from resources.target import Target

VERDICT = "mydumper-trial.json"
TRAPS = Path(__file__).with_name("mydumper_traps.sql")
_CHUNK_ROWS = 1000
_BEFORE, _AFTER = "traps", "traps_back"
_SHOWN = 5


def why_not(target: Target, tool: MydumperTool, installation: MysqlInstallation) -> str:
    """What this mydumper loses on this MySQL, as a phrase; "" where it may be used.

    Costs some seconds once: the verdict is kept below the state folder until another
    program lies there. Raises EnvironmentCheckError, DiskFullError.
    """

    def find() -> str:
        with progress.step(f"test run of mydumper {tool.version} (once)"):
            return "; ".join(_trial(target, tool, installation))

    key: list[object] = [tool.identity, installation.version, TRAPS.read_text(encoding="utf-8")]
    return kept_verdict(target.state / VERDICT, key, find)


def _trial(target: Target, tool: MydumperTool, installation: MysqlInstallation) -> list[str]:
    folder = work_folder(target, f"mydumper-{time.time_ns()}")
    # TCP and a password: that it can log in the way production wants it is part of the question.
    variables = {"log_bin": "binlog", "server_id": "1", "performance_schema": "OFF"}
    server = PrivateServer.create(installation, folder / "server", tcp=True, variables=variables)
    try:
        server.start()
        endpoint = server.tcp_endpoint
        with connect(endpoint) as connection:
            execute(connection, "SET SESSION sql_mode = ''")
            for name in (_BEFORE, _AFTER):
                execute(connection, f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
            execute(connection, f"USE {_BEFORE}")
            for statement in TRAPS.read_text(encoding="utf-8").split(";;\n"):
                if statement.strip():
                    execute(connection, statement)
        return _tried(folder / "dump", endpoint, tool)
    finally:
        server.kill()
        shutil.rmtree(folder, ignore_errors=True)


def _tried(place: Path, endpoint: Endpoint, tool: MydumperTool) -> list[str]:
    try:
        dump_plain(place, endpoint, _BEFORE, tool, chunk_rows=_CHUNK_ROWS)
    except BackupFailedError as error:
        return [_phrase(error)]
    found: list[str] = []
    if not position((place / "metadata").read_text(encoding="utf-8", errors="replace"))[0]:
        found.append("it does not record the position in the binary log")
    if len([path for path in place.glob(f"{_BEFORE}.many*") if "schema" not in path.name]) < 2:
        found.append("it does not divide a table, so one large table takes one thread")
    try:
        load_plain(place, endpoint, _AFTER, tool)
    except BackupFailedError as error:
        found.append(_phrase(error))
    return found + _lost(endpoint)


def _lost(endpoint: Endpoint) -> list[str]:
    """Whatever is not in the second database as it is in the first."""
    was, now = table_digests(endpoint, _BEFORE), table_digests(endpoint, _AFTER)
    changed = [f"`{name}`" for name in was if was[name] != now.get(name)]
    found = [f"rows of {', '.join(changed[:_SHOWN])} do not come back as they were"] if changed else []
    try:
        with connect(endpoint) as connection:
            before, after = read_schema(connection, _BEFORE), read_schema(connection, _AFTER)
    except pymysql.err.MySQLError as error:
        return [*found, f"what it loaded cannot be read: {error.args[-1]}"]
    objects = _different(before, _renamed(after))
    if objects:
        found.append(f"{', '.join(objects[:_SHOWN])} do not come back as they were")
    return found


def _different(was: Schema, now: Schema) -> list[str]:
    return [
        f"{kind.removesuffix('s')} {name}"
        for kind in KINDS
        for name, text in getattr(was, kind).items()
        if getattr(now, kind).get(name) != text
    ]


def _renamed(schema: Schema) -> Schema:
    """A text that names its database is the same in the other one."""
    kinds = {
        kind: {
            name: text.replace(f"`{_AFTER}`", f"`{_BEFORE}`") for name, text in getattr(schema, kind).items()
        }
        for kind in KINDS
    }
    return replace(schema, **kinds)


def _phrase(error: BackupFailedError) -> str:
    return ": ".join(filter(None, [error.what, error.why[:200]]))
