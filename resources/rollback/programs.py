"""Triggers, views, routines and events: made equal to the source's by their own text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from resources.errors import RestoreFailedError
from resources.mysql.connection import Connection, execute, quoted, rows, value
from resources.mysql.schema import Schema

_DEFINER = re.compile(r"DEFINER=`((?:[^`]|``)*)`@`((?:[^`]|``)*)`")
_KINDS = (("events", "EVENT"), ("triggers", "TRIGGER"), ("views", "VIEW"), ("routines", ""))


def require_definers(connection: Connection, wanted: Schema) -> None:
    """Raises RestoreFailedError, before anything changes, when an object's definer has no account.

    Such an object can be created and fails when it is used (error 1449).
    """
    texts = [
        text
        for kind in ("views", "routines", "triggers", "events")
        for text in getattr(wanted, kind).values()
    ]
    accounts = {(found[1], found[2]) for text in texts for found in _DEFINER.finditer(text)}
    missing = [
        f"{user}@{host}"
        for user, host in sorted(accounts)
        if not value(
            connection, "SELECT COUNT(*) FROM mysql.user WHERE user = %s AND host = %s", (user, host)
        )
    ]
    if missing:
        raise RestoreFailedError(
            f"accounts that own views, routines, triggers or events do not exist: {', '.join(missing)}",
            hint="CREATE USER them (locked will do), then try again; nothing was changed",
        )


def drop_triggers(connection: Connection, database: str, tables: list[str]) -> None:
    """RENAME TABLE into another database refuses a table with triggers (error 1435)."""
    for name, table in rows(
        connection,
        "SELECT trigger_name, event_object_table FROM information_schema.triggers WHERE trigger_schema = %s",
        (database,),
    ):
        if table in tables:
            execute(connection, f"DROP TRIGGER {quoted(database)}.{quoted(name)}")


def make_equal(connection: Connection, database: str, wanted: Schema, actual: Schema) -> None:
    """Drop what differs or should not be there, create what is missing. Keeps each DEFINER."""
    for attribute, keyword in _KINDS:
        want: Mapping[str, str] = getattr(wanted, attribute)
        for name, text in getattr(actual, attribute).items():
            if want.get(name) != text:
                kind, plain = (keyword, name) if keyword else name.split(" ", 1)
                execute(connection, f"DROP {kind} IF EXISTS {quoted(database)}.{quoted(plain)}")
    execute(connection, f"USE {quoted(database)}")
    for attribute in ("routines", "views", "triggers", "events"):
        want = getattr(wanted, attribute)
        missing = {name: text for name, text in want.items() if getattr(actual, attribute).get(name) != text}
        _create(connection, missing)


def _create(connection: Connection, texts: dict[str, str]) -> None:
    """A view may be built on another: what fails is tried again as long as something succeeds."""
    import pymysql

    left = dict(texts)
    while left:
        failed: dict[str, str] = {}
        reason: Exception | None = None
        for name, text in left.items():
            try:
                execute(connection, text)
            except pymysql.err.MySQLError as error:
                failed[name], reason = text, error
        if len(failed) == len(left):
            raise RestoreFailedError(
                f"could not be created again: {', '.join(failed)}", why=str(reason)
            ) from reason
        left = failed
