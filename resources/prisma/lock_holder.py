"""Who holds the migration lock, as far as this account may see."""

from __future__ import annotations

import getpass
import os
import socket
from dataclasses import dataclass
from datetime import UTC, datetime

import pymysql

from resources.mysql.connection import Connection, execute, is_denied, rows, value
from resources.redact import inert, redact

LOCK_NAME = "prisma_migrate"
_NOTE_VARIABLE = "dbsync_holder"


@dataclass(frozen=True)
class Holder:
    connection_id: int
    user: str | None
    host: str | None
    """Client host (and port) as the server sees it."""
    note: str | None
    """What a holding dbsync wrote about itself: purpose, person, host, process, since when."""
    seconds: int | None
    """For how long its connection has been in its present state."""
    process: str | None
    """Process id on its host, where the client announced it."""

    def __str__(self) -> str:
        who = f"connection {self.connection_id}"
        if self.user:
            who += f" of {self.user}@{self.host or 'an unknown host'}"
        if self.process and not self.note:
            who += f", process {self.process} there"
        if self.note:
            return f"{who}: {self.note}"
        if self.seconds is not None:
            who += f", idle or busy for {self.seconds} s"
        return inert(who)


def describe_self(purpose: str) -> str:
    """One line about this process for whoever finds the lock taken."""
    try:
        person = getpass.getuser()
    except (OSError, KeyError):
        person = str(os.getuid())  # a container's user without an entry in passwd
    since = datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    place = f"{socket.gethostname()}, process {os.getpid()}"
    return inert(f"dbsync {purpose} by {person} on {place}, since {since}")


def write_note(connection: Connection, note: str) -> None:
    """Leave `note` where other sessions with access to performance_schema can read it."""
    execute(connection, f"SET @{_NOTE_VARIABLE} = %s", (note,))


def read_holder(connection: Connection) -> Holder | None:
    """The session that holds the lock now, or None. Parts that need a missing privilege are None."""
    holder_id = value(connection, f"SELECT IS_USED_LOCK('{LOCK_NAME}')")
    if holder_id is None:
        return None
    session = _tolerant(
        connection, "SELECT user, host, time FROM information_schema.processlist WHERE id = %s", holder_id
    )
    note = _tolerant(
        connection,
        "SELECT CONVERT(v.variable_value USING utf8mb4) FROM performance_schema.user_variables_by_thread v"
        " JOIN performance_schema.threads t USING (thread_id)"
        f" WHERE t.processlist_id = %s AND v.variable_name = '{_NOTE_VARIABLE}'",
        holder_id,
    )
    process = _tolerant(
        connection,
        "SELECT attr_value FROM performance_schema.session_account_connect_attrs"
        " WHERE processlist_id = %s AND attr_name = '_pid'",
        holder_id,
    )
    user, host, seconds = session or (None, None, None)
    return Holder(
        int(holder_id),
        user,
        host,
        redact(inert(note[0])) if note and note[0] else None,
        int(seconds) if seconds is not None else None,
        str(process[0]) if process else None,
    )


def _tolerant(connection: Connection, sql: str, holder_id: int) -> tuple | None:
    """One row, or None where it is not there or this account may not look."""
    try:
        found = rows(connection, sql, (holder_id,))
    except (pymysql.err.OperationalError, pymysql.err.ProgrammingError) as error:
        if is_denied(error) or error.args[0] == 1146:
            return None
        raise
    return found[0] if found else None
