"""The few things PyMySQL does not offer in public: the state of a connection's socket and results."""

from __future__ import annotations

import socket
from typing import Any

from pymysql.constants import SERVER_STATUS
from pymysql.cursors import SSCursor

from resources.mysql.connection import Connection


def drop(connection: Connection) -> None:
    """Close without a goodbye, for connections that may be dead. Safe to call twice."""
    raw: Any = connection
    raw._force_close()


def hang_up(connection: Connection) -> None:
    """Shut a connection's socket down under a thread that waits in it."""
    raw: Any = connection
    if raw._sock is not None:
        try:
            # Not the SSL object's own method: that is not made for two threads.
            socket.socket.shutdown(raw._sock, socket.SHUT_RDWR)
        except OSError:
            return  # it is closed already


def is_in_transaction(connection: Connection) -> bool:
    """As of the server's last OK."""
    raw: Any = connection
    return bool(raw.server_status & SERVER_STATUS.SERVER_STATUS_IN_TRANS)


def drop_rows(cursor: SSCursor) -> None:
    """Read the rest of the present result, one row at a time, and keep nothing."""
    raw: Any = cursor.connection
    if raw._result is not None and raw._result.unbuffered_active:
        while cursor.fetchone() is not None:
            continue


def has_next(cursor: SSCursor) -> bool:
    """Whether the server announced another result, known before it is waited for."""
    raw: Any = cursor.connection
    return raw._result is not None and bool(raw._result.has_next)


def abandon(cursor: SSCursor) -> None:
    """Forget a cursor. Its own `close` would wait for results that never come after an error."""
    raw: Any = cursor
    raw.connection = None
