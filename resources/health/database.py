"""The database's side of health: reachable, writable, not full, not stuck."""

from __future__ import annotations

import time
from typing import Any

import pymysql

from resources.errors import DbsyncError
from resources.health.rules import judge
from resources.health.status import Problem
from resources.mysql.connection import Connection, connect, execute, is_denied, rows, value
from resources.target import Target

_STATUS = ("Threads_connected", "Threads_running", "Uptime")
_READ_SECONDS = 15.0


def check_database(target: Target) -> tuple[dict[str, Any], list[Problem]]:
    """Figures and problems. An unreachable server is a problem, not an exception."""
    begun = time.monotonic()
    try:
        with connect(target.endpoint, target.database, read_timeout=_READ_SECONDS) as connection:
            connect_ms = (time.monotonic() - begun) * 1000
            figures = {
                "reachable": True,
                "connect_ms": round(connect_ms, 1),
                **_figures(connection, target.database),
            }
    except DbsyncError as error:
        return {"reachable": False, "error": error.as_dict()}, [
            Problem("database", error.what, "reachable with the given login", name="reachable")
        ]
    except pymysql.err.MySQLError as error:
        why = str(error.args[-1]) if error.args else type(error).__name__
        return {"reachable": False, "error": {"what": why}}, [
            Problem(
                "database",
                f"stopped answering: {why}",
                f"answers within {_READ_SECONDS:g} s",
                name="reachable",
            )
        ]
    return figures, judge("database", figures, target.limits)


def _figures(connection: Connection, database: str) -> dict[str, Any]:
    laps = []
    for _ in range(3):
        begun = time.monotonic()
        value(connection, "SELECT 1")
        laps.append((time.monotonic() - begun) * 1000)
    names = ", ".join(f"'{name}'" for name in _STATUS)
    status = dict(rows(connection, f"SHOW GLOBAL STATUS WHERE Variable_name IN ({names})"))
    # Else the size would be that of yesterday, before the migrations.
    execute(connection, "SET SESSION information_schema_stats_expiry = 0")
    version, most, read_only, super_read_only = rows(
        connection, "SELECT @@version, @@max_connections, @@read_only, @@super_read_only"
    )[0]
    return {
        "version": version,
        "latency_ms": round(sorted(laps)[1], 2),
        "threads_connected": int(status["Threads_connected"]),
        "max_connections": int(most),
        "threads_running": int(status["Threads_running"]),
        "uptime_s": int(status["Uptime"]),
        "read_only": bool(read_only) or bool(super_read_only),
        "longest_transaction_s": _optional(
            connection,
            "SELECT COALESCE(MAX(TIMESTAMPDIFF(SECOND, trx_started, NOW())), 0)"
            " FROM information_schema.innodb_trx",
        ),
        "row_lock_waits": _optional(connection, "SELECT COUNT(*) FROM performance_schema.data_lock_waits"),
        "table_lock_waits": _optional(
            connection,
            "SELECT COUNT(*) FROM performance_schema.metadata_locks WHERE lock_status = 'PENDING'",
        ),
        "database_bytes": int(
            value(
                connection,
                "SELECT COALESCE(SUM(data_length + index_length), 0) FROM information_schema.tables"
                " WHERE table_schema = %s",
                (database,),
            )
        ),
    }


def _optional(connection: Connection, sql: str) -> int | None:
    """A figure that takes a privilege which the application's account need not have."""
    try:
        return int(value(connection, sql) or 0)
    except pymysql.err.MySQLError as error:
        if is_denied(error):
            return None
        raise
