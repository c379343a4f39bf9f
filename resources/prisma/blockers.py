"""Which sessions a waiting statement waits for."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import pymysql

from resources.mysql.connection import Connection, Row, is_denied, rows
from resources.redact import inert, redact

_SHOWN = 200
"""Characters of a blocker's statement that are shown."""

_SESSION = """
    t.processlist_id, t.processlist_user, t.processlist_host,
    COALESCE(ROUND(x.timer_wait / 1e12), t.processlist_time), t.processlist_command,
    COALESCE(t.processlist_info, s.sql_text)"""
_ABOUT_SESSION = """
    LEFT JOIN performance_schema.events_statements_current s
      ON s.thread_id = t.thread_id AND s.nesting_event_level = 0
    LEFT JOIN performance_schema.events_transactions_current x
      ON x.thread_id = t.thread_id AND x.state = 'ACTIVE'"""
_METADATA_LOCKS = f"""
    SELECT DISTINCT {_SESSION},
      CONCAT(LOWER(p.object_type), COALESCE(CONCAT(' ', p.object_schema), ''),
             COALESCE(CONCAT('.', p.object_name), ''))
    FROM performance_schema.threads me
    JOIN performance_schema.metadata_locks p
      ON p.owner_thread_id = me.thread_id AND p.lock_status = 'PENDING'
    JOIN performance_schema.metadata_locks g
      ON g.object_type = p.object_type AND g.object_schema <=> p.object_schema
      AND g.object_name <=> p.object_name AND g.lock_status = 'GRANTED'
      AND g.owner_thread_id <> p.owner_thread_id
    JOIN performance_schema.threads t ON t.thread_id = g.owner_thread_id {_ABOUT_SESSION}
    WHERE me.processlist_id = %s"""
_ROW_LOCKS = f"""
    SELECT DISTINCT {_SESSION}, 'rows'
    FROM performance_schema.threads me
    JOIN performance_schema.data_lock_waits w ON w.requesting_thread_id = me.thread_id
    JOIN performance_schema.threads t ON t.thread_id = w.blocking_thread_id {_ABOUT_SESSION}
    WHERE me.processlist_id = %s"""
_VISIBLE_SESSIONS = """
    SELECT id, user, host, time, command, info, 'unknown'
    FROM information_schema.processlist
    WHERE db = %s AND id NOT IN %s AND id <> CONNECTION_ID() AND state NOT LIKE 'Waiting for%%'
    ORDER BY time DESC LIMIT 3"""
# Without performance_schema its tables do not exist.
_NO_TABLE = (1146, 1109)


@dataclass(frozen=True)
class Blocker:
    connection_id: int
    user: str
    host: str
    seconds: int
    """Age of its transaction, or how long it has been in its present state."""
    command: str
    """`Sleep` for a session that holds a transaction open and does nothing."""
    statement: str
    """Its running or last statement, shortened, without secrets; "" where it cannot be seen."""
    waited_for: str
    """"table shop.User", "rows", or "unknown" where performance_schema cannot be read."""

    @property
    def is_certain(self) -> bool:
        return self.waited_for != "unknown"

    def __str__(self) -> str:
        doing = "idle in a transaction" if self.command == "Sleep" else "busy"
        text = f"connection {self.connection_id} of {self.user}@{self.host}, {doing} for {self.seconds} s"
        if self.is_certain:
            text += f", holds {self.waited_for}"
        return text + (f": {self.statement}" if self.statement else "")


def find_blockers(
    connection: Connection, thread_id: int, database: str, own: Collection[int] = ()
) -> list[Blocker]:
    """The sessions that connection `thread_id` waits for now, the oldest first.

    Where performance_schema does not tell (privileges, switched off): the oldest sessions
    that it can see on the database other than our `own`, as candidates (`is_certain` is False).
    """
    try:
        found = rows(connection, _METADATA_LOCKS, (thread_id,)) or rows(connection, _ROW_LOCKS, (thread_id,))
    except pymysql.err.MySQLError as error:
        if not is_denied(error) and error.args[:1] not in {(code,) for code in _NO_TABLE}:
            raise
        found = []
    # Also where performance_schema or its lock instruments are switched off.
    found = found or rows(connection, _VISIBLE_SESSIONS, (database, (thread_id, *own)))
    unique = {int(row[0]): _blocker(row) for row in found if row[0] is not None}
    return sorted(unique.values(), key=lambda blocker: -blocker.seconds)


def describe(blockers: list[Blocker]) -> str:
    if not blockers:
        return "the blocking session could not be seen"
    certain = all(blocker.is_certain for blocker in blockers)
    label = "blocked by" if certain else "performance_schema does not tell; the oldest sessions here are"
    more = f" and {len(blockers) - 3} more" if len(blockers) > 3 else ""
    return f"{label} " + "; ".join(str(blocker) for blocker in blockers[:3]) + more


def _blocker(row: Row) -> Blocker:
    statement = " ".join(str(row[5] or "").split())
    return Blocker(
        connection_id=int(row[0]),
        user=str(row[1] or "?"),
        host=str(row[2] or "?"),
        seconds=int(row[3] or 0),
        command=str(row[4] or ""),
        statement=inert(redact(statement))[:_SHOWN],
        waited_for=inert(str(row[6])),
    )
