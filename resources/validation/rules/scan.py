"""Read-only, time-bounded aggregate queries on a production server."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

import pymysql
from pymysql.cursors import SSCursor

from resources.mysql.connection import Connection, Row, execute

QUERY_SECONDS = 20.0
"""Longest single query; a reader of this length delays purge and DDL, no more."""
TOTAL_SECONDS = 120.0
"""All queries of one validation together."""
MOST_ROWS = 10_000
"""An answer larger than this is no aggregate."""
_TOO_SLOW = (3024, 1317)  # ER_QUERY_TIMEOUT, ER_QUERY_INTERRUPTED


class TooSlowError(Exception):
    """The query did not end within its time bound."""


class NotAnAggregateError(Exception):
    """The query returned more than MOST_ROWS rows."""


@dataclass
class Scan:
    """The connection of one validation, made read-only, and what is left of its time.

    `connection` must not be shared: its session settings are changed for good.
    """

    connection: Connection
    seconds_left: float = TOTAL_SECONDS
    query_seconds: float = QUERY_SECONDS
    columns: list[str] = field(default_factory=list)
    """Column names of the last answer."""

    def __post_init__(self) -> None:
        execute(self.connection, "SET SESSION TRANSACTION READ ONLY")
        # The rest of a larger answer would have to be read to be got rid of.
        execute(self.connection, "SET SESSION sql_select_limit = %s", (MOST_ROWS + 1,))
        # Kept statistics would show yesterday's AUTO_INCREMENT.
        execute(self.connection, "SET SESSION information_schema_stats_expiry = 0")

    def rows(
        self, sql: str, arguments: Sequence[object] | None = None, *, seconds: float | None = None
    ) -> list[Row]:
        """The answer of one SELECT. Raises TooSlowError, NotAnAggregateError or pymysql's own errors."""
        bound = min(seconds or self.query_seconds, self.seconds_left)
        if bound <= 0:
            raise TooSlowError(f"the time for all rules ({TOTAL_SECONDS:g} s) is used up")
        execute(self.connection, "SET SESSION max_execution_time = %s", (max(1, int(bound * 1000)),))
        begun = time.monotonic()
        try:
            # Ends the one before it, too.
            execute(self.connection, "START TRANSACTION READ ONLY")
            # Unbuffered: a query that is no aggregate must not fill our memory.
            with self.connection.cursor(SSCursor) as cursor:
                cursor.execute(sql, arguments)
                found = list(cursor.fetchmany(MOST_ROWS + 1))
                self.columns = [column[0] for column in cursor.description or ()]
                if len(found) > MOST_ROWS:
                    raise NotAnAggregateError(f"more than {MOST_ROWS:,} rows")
            return found
        except pymysql.err.MySQLError as error:
            if error.args and error.args[0] in _TOO_SLOW:
                raise TooSlowError(f"not answered within {bound:g} s") from error
            raise
        finally:
            self.seconds_left -= time.monotonic() - begun

    def value(self, sql: str, arguments: Sequence[object] | None = None) -> int:
        return int(self.rows(sql, arguments)[0][0] or 0)
