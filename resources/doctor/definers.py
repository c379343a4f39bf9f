"""Triggers, routines, views and events that belong to other accounts, and the right to make new ones."""

from __future__ import annotations

from collections.abc import Iterator

from resources.doctor.finding import Finding
from resources.mysql.connection import Connection, rows, value

_FOREIGN = """
    SELECT kind, name, definer FROM (
        SELECT 'trigger' AS kind, TRIGGER_NAME AS name, DEFINER AS definer
            FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = %(database)s
        UNION ALL SELECT LOWER(ROUTINE_TYPE), ROUTINE_NAME, DEFINER
            FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = %(database)s
        UNION ALL SELECT 'view', TABLE_NAME, DEFINER
            FROM information_schema.VIEWS WHERE TABLE_SCHEMA = %(database)s
        UNION ALL SELECT 'event', EVENT_NAME, DEFINER
            FROM information_schema.EVENTS WHERE EVENT_SCHEMA = %(database)s
    ) AS objects"""


def definer_findings(
    connection: Connection, database: str, everywhere: set[str], account: str, version: tuple[int, int, int]
) -> Iterator[Finding]:
    """Two findings at most; `everywhere` are the account's global privileges."""
    with connection.cursor() as cursor:
        cursor.execute(_FOREIGN, {"database": database})
        objects = [(str(kind), str(name), str(definer)) for kind, name, definer in cursor.fetchall()]
    yield _foreign(objects, connection, everywhere, account, version)
    yield _binary_logged(objects, connection, everywhere, account)


def _foreign(
    objects: list[tuple[str, str, str]],
    connection: Connection,
    everywhere: set[str],
    account: str,
    version: tuple[int, int, int],
) -> Finding:
    """A rollback makes them again with their own definer, which takes a privilege of its own."""
    name = "privileges: definers"
    mine = str(value(connection, "SELECT CURRENT_USER()"))
    foreign = [(kind, title) for kind, title, definer in objects if definer != mine]
    # SET_USER_ID was split and renamed in 8.2.
    right = "SET_ANY_DEFINER" if version >= (8, 2, 0) else "SET_USER_ID"
    if not foreign or everywhere & {right, "SUPER"}:
        return Finding(name, "ok", f"{len(foreign)} objects belong to other accounts")
    listed = ", ".join(f"{kind} {title}" for kind, title in foreign[:10])
    return Finding(
        name,
        "fail",
        f"{len(foreign)} objects of other accounts; a rollback could not make them again: {listed}",
        f"GRANT {right} ON *.* TO {account};",
    )


def _binary_logged(
    objects: list[tuple[str, str, str]], connection: Connection, everywhere: set[str], account: str
) -> Finding:
    """With the binary log on, CREATE TRIGGER and CREATE FUNCTION are refused with error 1419."""
    name = "privileges: triggers and functions"
    log_bin, trusted = rows(connection, "SELECT @@log_bin, @@log_bin_trust_function_creators")[0]
    if not log_bin or trusted or "SUPER" in everywhere:
        return Finding(name, "ok", "they can be made")
    count = sum(kind in ("trigger", "function") for kind, _, _ in objects)
    return Finding(
        name,
        "fail" if count else "warn",
        f"the server refuses CREATE TRIGGER and CREATE FUNCTION to this account (error 1419); {count} exist",
        f"SET PERSIST log_bin_trust_function_creators = ON;\nor: GRANT SUPER ON *.* TO {account};",
    )
