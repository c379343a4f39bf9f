"""A session that takes old tables and rows as they are: zero dates, zero ids, missing parents."""

from __future__ import annotations

import pymysql

from resources.mysql.connection import Connection, connect, execute, is_denied, rows
from resources.target import Target

_STRICTNESS = ("innodb_strict_mode", "sql_require_primary_key", "sql_generate_invisible_primary_key")


def tolerant_session(target: Target) -> Connection:
    """A new connection to the target's server; the caller closes it."""
    connection = connect(target.endpoint)
    try:
        make_tolerant(connection, target)
    except BaseException:
        connection.close()
        raise
    return connection


def make_tolerant(connection: Connection, target: Target) -> None:
    wait = max(1, int(target.policy.lock_wait_timeout))
    execute(
        connection,
        f"SET SESSION lock_wait_timeout = {wait}, SESSION foreign_key_checks = 0, SESSION unique_checks = 0",
    )
    # Zero dates and zero ids are old values like any other here.
    execute(connection, "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")
    for name in _STRICTNESS:
        found = rows(connection, f"SHOW SESSION VARIABLES LIKE '{name}'")
        if found and found[0][1] == "ON":
            _switch_off(connection, name)


def _switch_off(connection: Connection, name: str) -> None:
    try:
        execute(connection, f"SET SESSION {name} = OFF")
    except pymysql.err.OperationalError as error:
        # Then the server may refuse an old table's definition, in words of its own, in the side database.
        if not is_denied(error):
            raise
