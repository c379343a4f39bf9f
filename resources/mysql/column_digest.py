"""A digest out of the columns' values, for tables that CHECKSUM TABLE gives another answer each time.

Those are the tables with a multi-valued index: its hidden column takes part in the checksum, and
is read without having been set (seen on MySQL 9.7.4). About a third of the speed.
"""

from __future__ import annotations

from resources.mysql.connection import Connection, quoted, rows, value


def has_multivalued_index(connection: Connection, database: str, table: str) -> bool:
    sql = (
        "SELECT COUNT(*) FROM information_schema.statistics"
        " WHERE table_schema = %s AND table_name = %s AND expression LIKE '%% array)%%'"
    )
    return bool(int(value(connection, sql, (database, table))))


def column_digest(connection: Connection, database: str, table: str) -> tuple[int, int]:
    """(rows, 32-bit checksum), whatever the order of the rows. Reads every column, invisible ones too."""
    columns = rows(
        connection,
        "SELECT column_name, data_type FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = %s ORDER BY ordinal_position",
        (database, table),
    )
    # Of each value first: a whole row may be larger than max_allowed_packet.
    parts = ", ".join(f"IFNULL(CRC32({_exact(str(name), str(kind))}), 'N')" for name, kind in columns)
    name = f"{quoted(database)}.{quoted(table)}"
    sql = f"SELECT COUNT(*), COALESCE(SUM(CRC32(CONCAT_WS(',', {parts}))), 0) FROM {name}"
    count, checksum = rows(connection, sql)[0]
    return int(count), int(checksum) % 2**32


def _exact(name: str, kind: str) -> str:
    """The value as text or bytes that only itself has, in any session."""
    column = quoted(name)
    if kind == "float":
        return f"CAST({column} AS DOUBLE)"  # its own text has six digits
    if kind == "timestamp":
        return f"UNIX_TIMESTAMP({column})"  # its own text depends on the session's time zone
    return column
