"""Whether the account may create what has to be created, tried out before anything is changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pymysql

from resources.errors import MissingDefinerError, RestoreFailedError
from resources.mysql.connection import Connection, execute, quoted, rows
from resources.rollback.objects import Definition

_NO_SUCH_DEFINER = 1449
_NO_TRUST = (1418, 1419)
_REFUSED = (1227, 1044, 1142, 1370, _NO_SUCH_DEFINER, *_NO_TRUST)


def require_may_create(
    connection: Connection,
    side: str,
    missing: Iterable[Definition],
    *,
    accept_missing_definers: bool = True,
    command: str = "",
) -> list[str]:
    """Create one thing of each kind for each definer in the database `side`, and drop it again.

    Returns notes on definers that have no account (their objects are put back as they
    were). Raises MissingDefinerError, where such are not accepted, naming all of them and
    the `command` that accepts them;
    RestoreFailedError with the GRANT that is missing.
    """
    wanted: dict[tuple[str, str], list[str]] = {}
    for one in missing:
        wanted.setdefault((_definer(one.text), one.kind), []).append(one.name)
    nobody: dict[str, list[str]] = {}
    for (definer, kind), objects in sorted(wanted.items()):
        if not _try(connection, side, definer, kind, accept_missing_definers):
            nobody.setdefault(definer, []).extend(f"{kind.lower()} `{name}`" for name in sorted(objects))
    if nobody and not accept_missing_definers:
        raise _missing(nobody, command)
    has_none = "has no account; its objects were put back all the same"
    return [f"the definer {definer} {has_none}" for definer in nobody]


def _try(connection: Connection, side: str, definer: str, kind: str, accept_missing: bool) -> bool:
    """Whether the definer has an account. Raises RestoreFailedError where we may not create it."""
    prefix = f"CREATE DEFINER={definer}" if definer else "CREATE"
    name, table = f"{quoted(side)}.`dbsync_probe`", f"{quoted(side)}.`dbsync_probe_table`"
    execute(connection, f"CREATE TABLE {table} (id INT)")
    create = {
        "PROCEDURE": f"PROCEDURE {name}() DO 0",
        "FUNCTION": f"FUNCTION {name}() RETURNS INT NO SQL RETURN 0",
        "VIEW": f"VIEW {name} AS SELECT 1 AS one",
        "TRIGGER": f"TRIGGER {name} BEFORE INSERT ON {table} FOR EACH ROW SET @x = 0",
        "EVENT": f"EVENT {name} ON SCHEDULE EVERY 1 YEAR DISABLE DO DO 0",
    }[kind]
    try:
        execute(connection, f"{prefix} {create}")
        has_account = all(code != _NO_SUCH_DEFINER for _, code, _ in rows(connection, "SHOW WARNINGS"))
        execute(connection, f"DROP {kind} {name}")
        return has_account
    except pymysql.err.MySQLError as error:
        if not error.args or error.args[0] not in _REFUSED:
            raise
        if not accept_missing and _only_for_missing(str(error.args[-1])):
            return False
        raise RestoreFailedError(
            f"a {kind.lower()} of the definer {definer} cannot be put back; nothing was changed",
            why=str(error.args[-1]),
            hint="SET GLOBAL log_bin_trust_function_creators = ON"
            if error.args[0] in _NO_TRUST
            else "GRANT SET_ANY_DEFINER, ALLOW_NONEXISTENT_DEFINER ON *.* TO the user"
            " (SET_USER_ID before 8.2), or CREATE USER the definer",
        ) from error
    finally:
        if connection.open:
            execute(connection, f"DROP TABLE {table}")


def _only_for_missing(message: str) -> bool:
    """Whether the privilege that the server asks for is the one for definers without an account."""
    return "ALLOW_NONEXISTENT_DEFINER" in message and "SET_ANY_DEFINER" not in message


def _missing(nobody: Mapping[str, list[str]], command: str) -> MissingDefinerError:
    return MissingDefinerError(
        "accounts that objects of the backup run as are not on the server; nothing was changed",
        where=", ".join(nobody),
        why="; ".join(f"{definer}: {', '.join(objects)}" for definer, objects in nobody.items()),
        hint="\n         ".join(f"CREATE USER {definer} ACCOUNT LOCK;" for definer in nobody)
        + "\n         and GRANT it what these need; or go on:"
        f"\n         {command} --accept-missing-definers",
    )


def _definer(text: str) -> str:
    """`` `user`@`host` `` after DEFINER=, or "" where there is none."""
    head, found, tail = text.partition("DEFINER=")
    if not found or len(head) > 60:
        return ""
    end = tail.find("`", tail.find("`@`") + 3)
    return tail[: end + 1]
