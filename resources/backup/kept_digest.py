"""A digest of what every logical dump brings back: blind to the known losses, and to nothing else.

By it, a table whose loss was accepted is still compared with its source: rows, and all the
values that a dump can keep. It costs more than CHECKSUM TABLE, and is taken of such tables only.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from resources.mysql.connection import Connection, connect, execute, quoted, rows
from resources.mysql.endpoint import Endpoint


@dataclass(frozen=True)
class KeptDigest:
    """Neither depends on the order of rows; the sum also sees rows that are there twice."""

    rows: int
    xor: int
    total: int


def kept_digest(endpoint: Endpoint, database: str, table: str, lost: Collection[str] = ()) -> KeptDigest:
    """Of `table`, without the columns in `lost`, and without generated ones: they follow from the others.

    FLOAT counts with the six digits of its text, JSON as what its text makes of it, minus zero as zero.
    """
    with connect(endpoint, database) as connection:
        execute(connection, "SET SESSION time_zone = '+00:00'")  # TIMESTAMP becomes text, too
        columns = _columns(connection, database, table)
        values = [_digested(str(name), str(kind)) for name, kind in columns if name not in lost]
        line = f"SHA2(CONCAT_WS(',', {', '.join(values) or repr('')}), 256)"
        [(count, xor, total)] = rows(
            connection,
            "SELECT COUNT(*), COALESCE(BIT_XOR(CAST(CONV(LEFT(line, 16), 16, 10) AS UNSIGNED)), 0),"
            " COALESCE(SUM(CAST(CONV(SUBSTR(line, 17, 12), 16, 10) AS UNSIGNED)), 0)"
            f" FROM (SELECT {line} AS line FROM {quoted(table)}) AS every_row",
        )
    return KeptDigest(int(count), int(xor), int(total))


def changed_columns(source: Endpoint, copy: Endpoint, database: str, table: str) -> list[str]:
    """Columns of `table` whose values differ on the two servers: a digest of each, so only for an error."""
    with connect(source, database) as connection:
        names = [str(name) for name, _ in _columns(connection, database, table)]
    return [
        name
        for name in names
        if len(
            {
                kept_digest(one, database, table, [other for other in names if other != name])
                for one in (source, copy)
            }
        )
        > 1
    ]


def _columns(connection: Connection, database: str, table: str) -> list[tuple[object, ...]]:
    return rows(
        connection,
        "SELECT column_name, LOWER(data_type) FROM information_schema.columns"
        " WHERE table_schema = %s AND table_name = %s AND generation_expression = ''"
        " ORDER BY ordinal_position",
        (database, table),
    )


def _digested(column: str, kind: str) -> str:
    # One digest per value: a row of texts in full could be longer than max_allowed_packet, and NULL then.
    name = quoted(column)
    value = {"json": f"CAST(CAST(CAST({name} AS CHAR) AS JSON) AS CHAR)", "double": f"{name} + 0e0"}.get(
        kind, name
    )
    return f"IFNULL(SHA2({value}, 256), '-')"
