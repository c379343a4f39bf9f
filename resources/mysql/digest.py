"""Digests of table rows, to tell whether two tables hold the same.

`CHECKSUM TABLE` reads the stored values of every row, so it sees what a text
digest cannot (FLOAT precision), at about two million rows a second (measured on
MySQL 9.7). It does not see the types inside JSON: a DATE and a STRING of the
same text are equal to it. It does not depend on row order. It does depend on
column order and types: compare tables of the same definition only.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from resources import progress
from resources.errors import BackupFailedError
from resources.mysql.connection import Connection, connect, quoted, rows, value
from resources.mysql.endpoint import Endpoint
from resources.mysql.schema import table_names


@dataclass(frozen=True)
class TableDigest:
    """`rows` is exact; `checksum` is MySQL's 32-bit CHECKSUM TABLE."""

    rows: int
    checksum: int

    def as_dict(self) -> dict[str, int]:
        return {"rows": self.rows, "checksum": self.checksum}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TableDigest:
        return cls(rows=int(data["rows"]), checksum=int(data["checksum"]))


def _count(connection: Connection, name: str) -> int:
    return int(value(connection, f"SELECT COUNT(*) FROM {name}"))


def _checksum(connection: Connection, name: str) -> int:
    checksum = rows(connection, f"CHECKSUM TABLE {name} EXTENDED")[0][1]
    if checksum is None:  # the server answers NULL plus a warning where a table cannot be read
        raise BackupFailedError(
            f"table {name} cannot be read",
            why=str(rows(connection, "SHOW WARNINGS")),
            hint=f"CHECK TABLE {name}",
        )
    return int(checksum)


def table_digest(connection: Connection, database: str, table: str) -> TableDigest:
    """Of one table, on this connection."""
    name = f"{quoted(database)}.{quoted(table)}"
    checksum = _checksum(connection, name)
    return TableDigest(_count(connection, name), checksum)


def table_digests(
    endpoint: Endpoint, database: str, tables: Sequence[str] | None = None, *, threads: int = 2
) -> dict[str, TableDigest]:
    """Digests of `tables` (default: all base tables), largest first, on `threads` connections."""
    with connect(endpoint) as connection:
        sizes = dict(
            rows(
                connection,
                "SELECT table_name, COALESCE(data_length, 0) FROM information_schema.tables"
                " WHERE table_schema = %s AND table_type = 'BASE TABLE'",
                (database,),
            )
        )
        wanted = list(tables) if tables is not None else table_names(connection, database)
    queue = sorted(wanted, key=lambda name: int(sizes.get(name, 0)), reverse=True)
    if not queue:
        return {}
    # The long readings first, so that no lane waits for one of them at the end.
    pending = iter([(_checksum, name) for name in queue] + [(_count, name) for name in queue])
    found: dict[tuple[Callable[[Connection, str], int], str], int] = {}
    with progress.step("digest rows", total=len(queue), unit="tables") as step:

        def lane() -> None:
            with connect(endpoint) as mine:
                for read, table in pending:
                    found[read, table] = read(mine, f"{quoted(database)}.{quoted(table)}")
                    if read is _count:
                        step.advance(1)

        lanes = min(threads, 2 * len(queue))
        with ThreadPoolExecutor(lanes) as pool:
            for future in [pool.submit(contextvars.copy_context().run, lane) for _ in range(lanes)]:
                future.result()
    return {name: TableDigest(found[_count, name], found[_checksum, name]) for name in sorted(queue)}
