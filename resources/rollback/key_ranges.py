"""A large table in pieces, by its primary key, without a key's value ever leaving the server."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from resources.mysql.connection import Connection, execute, quoted, rows, value

# Types of which a value in a user variable compares as the column does.
_TYPES = ("tinyint", "smallint", "mediumint", "int", "bigint", "char", "varchar", "binary", "varbinary")


@dataclass(frozen=True)
class Range:
    condition: str
    """After WHERE; the variables in it are set on the connection that asked, until the next one."""
    is_last: bool


def key_ranges(connection: Connection, database: str, table: str, size: int) -> Iterator[Range]:
    """Conditions that together meet every row once, each for about `size` bytes of rows.

    The connection must be used for nothing else but the query of each range in between. One
    range for a table whose key is of other types, and for one without a key.
    """
    columns = _key_columns(connection, database, table)
    step = max(1, size // max(1, _row_length(connection, database, table)))
    name, listed = f"{quoted(database)}.{quoted(table)}", ", ".join(map(quoted, columns))
    low: list[str] = []
    turn = 0
    while columns:
        high = [f"@dbsync_{turn % 2}_{number}" for number in range(len(columns))]
        below = _compared(columns, low, ">") if low else "TRUE"
        found = execute(
            connection,
            f"SELECT {listed} INTO {', '.join(high)} FROM {name} FORCE INDEX (PRIMARY)"
            f" WHERE {below} ORDER BY {listed} LIMIT 1 OFFSET {step}",
        )
        if not found:
            break
        yield Range(f"{below} AND {_compared(columns, high, '<')}", is_last=False)
        low, turn = high, turn + 1
    yield Range(_compared(columns, low, ">") if low else "TRUE", is_last=True)


def _compared(columns: list[str], values: list[str], sign: str) -> str:
    """Row comparison `columns` >= or < `values`, in the form for which the server uses the index."""
    last = len(columns) - 1
    parts = []
    for number, column in enumerate(columns):
        equal = [f"{quoted(c)} = {v}" for c, v in zip(columns[:number], values[:number], strict=True)]
        inclusive = "=" if sign == ">" and number == last else ""
        parts.append(" AND ".join([*equal, f"{quoted(column)} {sign}{inclusive} {values[number]}"]))
    return "(" + " OR ".join(f"({part})" for part in parts) + ")"


def _key_columns(connection: Connection, database: str, table: str) -> list[str]:
    """Of the primary key; [] where it cannot be cut by."""
    found = rows(
        connection,
        "SELECT s.column_name, c.data_type, s.sub_part, s.collation FROM information_schema.statistics s"
        " JOIN information_schema.columns c USING (table_schema, table_name, column_name)"
        " WHERE s.table_schema = %s AND s.table_name = %s AND s.index_name = 'PRIMARY'"
        " ORDER BY s.seq_in_index",
        (database, table),
    )
    sound = all(kind in _TYPES and part is None and order == "A" for _, kind, part, order in found)
    return [str(name) for name, *_ in found] if sound else []


def _row_length(connection: Connection, database: str, table: str) -> int:
    """Bytes of a row by the server's statistics, which a table that was just filled has not yet."""
    execute(connection, "SET SESSION information_schema_stats_expiry = 0")
    sql = (
        "SELECT data_length DIV GREATEST(table_rows, 1) FROM information_schema.tables"
        " WHERE table_schema = %s AND table_name = %s AND table_rows > 0"
    )
    length = value(connection, sql, (database, table))
    if length is None:
        execute(connection, f"ANALYZE NO_WRITE_TO_BINLOG TABLE {quoted(database)}.{quoted(table)}")
        length = value(connection, sql, (database, table))
    return int(length or 0)
