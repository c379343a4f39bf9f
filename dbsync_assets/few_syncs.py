"""Dagster's records of a run, without waiting for the disk after each of them.

Dagster opens and closes its SQLite files for every event, and SQLite brings them to the disk each
time: 515 waits in one backup (`strace -e fdatasync`), which grow long while gigabytes are written or
removed beside them. A command's own truth is in its journal, so what a power cut may take here is
the last second of what the UI shows; a killed process loses nothing, and no file is damaged.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress


@contextmanager
def few_syncs() -> Iterator[None]:
    """For every SQLite file that SQLAlchemy opens meanwhile. They are on the disk when it ends."""
    from sqlalchemy import event
    from sqlalchemy.engine import Engine

    kept: dict[str, sqlite3.Connection] = {}
    held: set[str] = set()

    def opened(connection: object, _: object) -> None:
        if not isinstance(connection, sqlite3.Connection):
            return
        connection.execute("PRAGMA synchronous = NORMAL")
        path = connection.execute("PRAGMA database_list").fetchall()[0][2]
        if not path or path in held:
            return
        # While one connection stays, closing another is not the last, which would write all back. A
        # new file has no write-ahead log yet, so it is looked at until it has.
        if path not in kept:
            kept[path] = sqlite3.connect(path, check_same_thread=False)
        with suppress(sqlite3.OperationalError):  # busy: then it is slower, and right all the same
            kept[path].execute("SELECT 1 FROM sqlite_master").fetchall()
            if kept[path].execute("PRAGMA journal_mode").fetchall() == [("wal",)]:
                held.add(path)

    event.listen(Engine, "connect", opened)
    try:
        yield
    finally:
        event.remove(Engine, "connect", opened)
        for connection in kept.values():
            connection.close()
