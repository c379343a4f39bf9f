"""What a logical engine cannot keep, by table and column.

Measured: every logical dump shortens FLOAT to six digits, turns dates, decimals and bytes
inside JSON into texts and doubles, and writes a DOUBLE of minus zero as the integer -0, which
loads as zero; mydumper loses the values of INVISIBLE columns as well.
"""

from __future__ import annotations

import shlex
from collections.abc import Collection, Iterable, Mapping

from resources.mysql.connection import Connection, connect, quoted, rows
from resources.mysql.endpoint import Endpoint

SETTING = "BACKUP_ACCEPT_LOSSY"
OPTION = "--accept-lossy"
_LOSSES = {
    "double": "turns minus zero in a DOUBLE into zero",
    "float": "shortens FLOAT values",
    "json": "changes types inside JSON",
    "invisible": "loses the values of INVISIBLE columns",
}
_PLAIN_JSON = "('OBJECT', 'ARRAY', 'STRING', 'INTEGER', 'UNSIGNED INTEGER', 'DOUBLE', 'BOOLEAN', 'NULL')"
"""Types that the text of a document brings back."""


def lossy_columns(
    endpoint: Endpoint, database: str, engine: str, *, read_rows: bool = True
) -> dict[str, dict[str, str]]:
    """Table → column → float, json or invisible: what `engine` changes, or may change.

    A JSON column is named only where a document has a value in it that its text does not bring
    back. That is looked for in every document (100,000 a second), as CHECKSUM TABLE is blind to it;
    without `read_rows` every JSON column is named.
    """
    found: dict[str, dict[str, str]] = {}
    with connect(endpoint, database) as connection:
        for table, column, kind, extra in rows(
            connection,
            "SELECT c.table_name, c.column_name, LOWER(c.data_type), c.extra"
            " FROM information_schema.columns AS c"
            " JOIN information_schema.tables AS t USING (table_schema, table_name)"
            " WHERE c.table_schema = %s AND t.table_type = 'BASE TABLE'"
            " AND (c.data_type IN ('float', 'json') OR c.extra LIKE '%%INVISIBLE%%')"
            " ORDER BY 1, c.ordinal_position",
            (database,),
        ):
            if "INVISIBLE" in str(extra) and engine == "mydumper":
                kind = "invisible"
            if kind == "json" and read_rows and not _typed(connection, table, column):
                continue
            if kind in _LOSSES:
                found.setdefault(str(table), {})[str(column)] = str(kind)
    return found


def with_minus_zeros(
    endpoint: Endpoint, database: str, lossy: Mapping[str, Mapping[str, str]], tables: Collection[str]
) -> dict[str, dict[str, str]]:
    """`lossy`, and of `tables` the DOUBLE columns in which minus zero stands, as kind double.

    It reads every row of them: to be asked only where CHECKSUM TABLE, which sees such a loss,
    saw one or could not compare.
    """
    found = {name: dict(columns) for name, columns in lossy.items()}
    with connect(endpoint, database) as connection:
        for table in sorted(tables):
            doubles = [
                str(column)
                for (column,) in rows(
                    connection,
                    "SELECT column_name FROM information_schema.columns"
                    " WHERE table_schema = %s AND table_name = %s AND data_type = 'double'"
                    " AND generation_expression = '' ORDER BY ordinal_position",
                    (database, table),
                )
                if str(column) not in found.get(table, {})
            ]
            if not doubles:
                continue
            asked = ", ".join(f"MAX(CAST({quoted(column)} AS CHAR) = '-0')" for column in doubles)
            [held] = rows(connection, f"SELECT {asked} FROM {quoted(table)}")
            for column, holds in zip(doubles, held, strict=True):
                if holds:
                    found.setdefault(table, {})[column] = "double"
    return found


def _typed(connection: Connection, table: str, column: str) -> bool:
    # A join: MySQL 9.7 answers the same question as EXISTS with "no", whatever is in the table.
    values = f"JSON_EXTRACT(JSON_ARRAY({quoted(column)}), '$**.*', '$**[*]')"
    return bool(
        rows(
            connection,
            f"SELECT 1 FROM {quoted(table)}"
            f" JOIN JSON_TABLE({values}, '$[*]' COLUMNS (one JSON PATH '$')) AS inside"
            f" WHERE JSON_TYPE(inside.one) NOT IN {_PLAIN_JSON} LIMIT 1",
        )
    )


def silently_lost(columns: Mapping[str, str]) -> set[str]:
    """Kinds of loss in these columns that only a comparison of rows shows."""
    return set(columns.values()) - {"json"}


def in_words(columns: Mapping[str, str]) -> str:
    """For an error or a note: `ratio (FLOAT), body (JSON)`."""
    return ", ".join(f"{column} ({kind.upper()})" for column, kind in columns.items())


def what_is_lost(engine: str, kinds: Iterable[str]) -> str:
    return " and ".join(f"{engine} {_LOSSES[kind]}" for kind in sorted(set(kinds)))


def way_on(engine: str, tables: Iterable[str]) -> str:
    """The hint: CLONE, and for `tables`, whose loss has a name, what accepts it."""
    clone = f"{engine} cannot keep this; use CLONE: dbsync doctor says what it takes"
    named = ",".join(tables)
    if not named:
        return clone
    typed = f"the same command with {OPTION} {shlex.quote(named)}"
    return f"{clone}\n     or: accept that loss by name: {typed}, or {SETTING}={named}"
