"""Which rows a constraint violation is about: at most five, read in bounded time.

Only the plain forms that Prisma generates are understood. The question is asked
read-only, on its own connection, and its failure is said, never raised.
"""

from __future__ import annotations

import re

import pymysql

from resources.errors import DbsyncError
from resources.mysql.connection import Connection, connect, execute, quoted, rows
from resources.redact import inert, redact
from resources.target import Target

LIMIT = 5
_MILLISECONDS = 3000
_NAME = r"`([^`]+)`"
_NAMES = r"\(\s*(`[^`]+`(?:\(\d+\))?(?:\s*,\s*`[^`]+`(?:\(\d+\))?)*)\s*\)"
_CREATE_UNIQUE = re.compile(rf"CREATE\s+UNIQUE\s+INDEX\s+{_NAME}\s+ON\s+{_NAME}\s*{_NAMES}", re.IGNORECASE)
_ALTER = re.compile(rf"ALTER\s+TABLE\s+{_NAME}", re.IGNORECASE)
_ADD_UNIQUE = re.compile(
    rf"ADD\s+(?:CONSTRAINT\s+{_NAME}\s+)?(?:UNIQUE(?:\s+(?:INDEX|KEY))?(?:\s+{_NAME})?|PRIMARY\s+KEY)\s*{_NAMES}",
    re.IGNORECASE,
)
_ADD_FOREIGN = re.compile(
    rf"ADD\s+(?:CONSTRAINT\s+{_NAME}\s+)?FOREIGN\s+KEY\s*{_NAMES}\s*REFERENCES\s+{_NAME}\s*{_NAMES}",
    re.IGNORECASE,
)
_COLUMN = re.compile(r"column '([^']+)'", re.IGNORECASE)
_CHANGE = re.compile(
    rf"(?:MODIFY|CHANGE)\s+(?:COLUMN\s+)?{_NAME}\s+(?:{_NAME}\s+)?((?:[^,('`]|'[^']*'|\((?:[^)']|'[^']*')*\))*)",
    re.IGNORECASE,
)
_NOT_NULL = re.compile(r"\bNOT\s+NULL\b", re.IGNORECASE)
_CHARS = re.compile(r"(?:VAR)?CHAR\s*\((\d+)\)", re.IGNORECASE)
_ENUM = re.compile(r"ENUM\s*\(((?:\s*'[^'\\]*'\s*,?)+)\)", re.IGNORECASE)
_CHECK = re.compile(r"CHECK\s*(\(.*\))", re.IGNORECASE | re.DOTALL)

Question = tuple[str, str, str]
"""What the rows have in common, their table, and the SELECT that finds them; KEY in it
stands for the table's primary key: other columns of users' rows are not shown."""


def offending_rows(target: Target, code: int | None, message: str, statement: str) -> str:
    """One paragraph for an error message, or "" where there is nothing to add."""
    question = _question(code, message, statement)
    if question is None:
        return ""
    label, table, sql = question
    try:
        with connect(target.endpoint, target.database, read_timeout=10.0) as connection:
            return _ask(
                connection,
                label,
                sql.replace("SELECT KEY", f"SELECT {_key(connection, target.database, table)}", 1),
            )
    except (pymysql.err.MySQLError, DbsyncError) as error:
        return f"{label}: could not be read ({redact(str(error.args[-1] if error.args else error))})"


def _ask(connection: Connection, label: str, sql: str) -> str:
    execute(connection, "SET SESSION lock_wait_timeout = 2")
    execute(connection, f"SET SESSION max_execution_time = {_MILLISECONDS}")
    execute(connection, "SET SESSION TRANSACTION READ ONLY")
    found = rows(connection, f"{sql} LIMIT {LIMIT + 1}")
    if not found:
        return ""
    shown = "; ".join("(" + ", ".join(_shown(cell) for cell in row) + ")" for row in found[:LIMIT])
    return f"{label}: {shown}{'; and more' if len(found) > LIMIT else ''}"


def _key(connection: Connection, database: str, table: str) -> str:
    """The primary key's columns as SQL; a mere count where there is none."""
    found = rows(
        connection,
        "SELECT column_name FROM information_schema.statistics"
        " WHERE table_schema = %s AND table_name = %s AND index_name = 'PRIMARY' ORDER BY seq_in_index",
        (database, table),
    )
    return ", ".join(quoted(name) for (name,) in found if name) or "COUNT(*)"


def _question(code: int | None, message: str, statement: str) -> Question | None:
    if code == 1062:
        return _duplicates(statement)
    if code == 1452:
        return _orphans(statement)
    table = _ALTER.match(statement)
    column = _COLUMN.search(message)
    if not table:
        return None
    name = table[1]
    if code in (1138, 1265, 1406):
        return _unfit(name, column[1] if column else None, statement)
    check = _CHECK.search(statement) if code == 3819 else None
    expression = _balanced(check[1]) if check else None
    return _where(name, f"NOT {expression}", "that violate it") if expression else None


def _unfit(table: str, column: str | None, statement: str) -> Question | None:
    """Values that do not fit a column's new type; the server does not always name the column."""
    conditions = []
    for change in _CHANGE.finditer(statement):
        if column not in (None, change[1], change[2]):
            continue
        name, definition = quoted(change[1]), change[3]
        if _NOT_NULL.search(definition):
            conditions.append(f"{name} IS NULL")
        if size := _CHARS.match(definition):
            conditions.append(f"CHAR_LENGTH({name}) > {size[1]}")
        if members := _ENUM.match(definition):
            conditions.append(f"{name} NOT IN ({members[1]})")
    either = " OR ".join(conditions)
    return _where(table, either, f"where {either}") if conditions else None


def _where(table: str, condition: str, said: str) -> Question:
    return f"rows of `{table}` {said}, by key", table, f"SELECT KEY FROM {quoted(table)} WHERE {condition}"


def _duplicates(statement: str) -> Question | None:
    create = _CREATE_UNIQUE.match(statement)
    alter = _ALTER.match(statement)
    add = _ADD_UNIQUE.search(statement) if alter else None
    if create:
        table, columns = create[2], create[3]
    elif alter and add:
        table, columns = alter[1], add[3]
    else:
        return None
    names = _plain(columns)
    present = " AND ".join(f"{name} IS NOT NULL" for name in names)
    listed = ", ".join(names)
    sql = f"SELECT {listed}, COUNT(*) FROM {quoted(table)} WHERE {present} GROUP BY {listed}"
    label = f"values of ({listed}) that `{table}` has more than once, and how often"
    return label, table, f"{sql} HAVING COUNT(*) > 1"


def _orphans(statement: str) -> Question | None:
    alter = _ALTER.match(statement)
    add = _ADD_FOREIGN.search(statement) if alter else None
    if not alter or not add:
        return None
    child, parent = _plain(add[2]), _plain(add[4])
    if len(child) != len(parent):
        return None
    joined = " AND ".join(f"p.{theirs} = c.{ours}" for ours, theirs in zip(child, parent, strict=True))
    present = " AND ".join(f"c.{name} IS NOT NULL" for name in child)
    listed = ", ".join(f"c.{name}" for name in child)
    label = f"values of ({', '.join(child)}) in `{alter[1]}` without a row in `{add[3]}`, and how many rows"
    sql = (
        f"SELECT {listed}, COUNT(*) FROM {quoted(alter[1])} c WHERE {present} AND NOT EXISTS"
        f" (SELECT 1 FROM {quoted(add[3])} p WHERE {joined}) GROUP BY {listed}"
    )
    return label, alter[1], sql


def _plain(columns: str) -> list[str]:
    """Quoted names without index prefix lengths."""
    return [quoted(name) for name in re.findall(r"`([^`]+)`", columns)]


def _balanced(text: str) -> str | None:
    """`text` up to the parenthesis that closes its first one; None where it holds strings or `;`."""
    depth = 0
    for index, character in enumerate(text):
        if character in "'\";":
            return None
        depth += {"(": 1, ")": -1}.get(character, 0)
        if depth == 0:
            return text[: index + 1]
    return None


def _shown(cell: object) -> str:
    text = f"{len(cell)} bytes" if isinstance(cell, bytes) else str(cell)
    return inert(redact(text))[:60]
