"""One script, sent to the server as Prisma sends it: whole, in one command.

The server splits it. Each statement that ends gives one result; so the number of
results read tells which statement is running.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import pymysql
from pymysql.cursors import SSCursor

from resources.mysql.connection import Connection, execute, value
from resources.prisma.pymysql_internals import abandon, drop_rows, has_next, is_in_transaction


@dataclass
class Running:
    """What other threads may read about the script that runs now."""

    migration: str = ""
    thread_id: int = 0
    """The server's connection id."""
    statement: int = 1
    """Number of the running statement, from 1."""
    seconds: list[float] = field(default_factory=list)
    """How long each statement took that has ended."""


def run_script(connection: Connection, script: bytes, running: Running) -> int:
    """Run the whole script and return the number of statements that ended.

    `connection` was opened with `multi_statements`. Raises pymysql's error of the first
    statement that failed; `running.statement` is its number, and those after it did
    not run.
    """
    running.statement, running.seconds = 1, []
    begun = time.monotonic()

    def ended() -> None:
        nonlocal begun
        now = time.monotonic()
        running.seconds.append(now - begun)
        begun = now

    # Rows are read and dropped one at a time: a SELECT in a script must not fill the memory.
    cursor = SSCursor(connection)
    try:
        cursor.execute(script.decode())  # without arguments: no % is formatted
        drop_rows(cursor)
        ended()
        while has_next(cursor):
            running.statement += 1
            cursor.nextset()
            drop_rows(cursor)
            ended()
        return running.statement
    finally:
        abandon(cursor)


class LeftDatabase(Exception):
    """A script ended in another database; Prisma's own bookkeeping fails there too."""


def settle(connection: Connection, database: str) -> None:
    """After a script: commit what it left open; raise LeftDatabase where it moved away.

    The end of the session would throw an open transaction away although every
    statement of the script succeeded.
    """
    execute(connection, "DO 0")
    if is_in_transaction(connection):
        connection.commit()
    current = value(connection, "SELECT DATABASE()")
    if current != database:
        raise LeftDatabase(f"the script switched to database {current!r}; it must stay in {database!r}")


def error_code(error: BaseException) -> int | None:
    """The server's error number; None for the network's and the client's own errors."""
    if isinstance(error, pymysql.err.MySQLError) and error.args and isinstance(error.args[0], int):
        return error.args[0] if 1000 <= error.args[0] < 2000 or error.args[0] >= 3000 else None
    return None


def error_text(error: BaseException) -> str:
    return str(error.args[-1]) if error.args else type(error).__name__
