"""Which rows a constraint violation is about: at most five, read in bounded time.

Only the plain forms that Prisma generates are understood. The question is asked
read-only, on its own connection, and its failure is said, never raised.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import pymysql

from resources.errors import DbsyncError
from resources.mysql.connection import Connection, Row, connect, execute, quoted, rows
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


@dataclass(frozen=True)
class Question:
    """`label`: what the rows of `table` have in common.

    `sql` makes the SELECT that finds them of the primary key's columns (none: []); of users'
    rows only these and the columns of the constraint are shown. `shown` words one found row.
    """

    label: str
    table: str
    sql: Callable[[list[str]], str]
    shown: Callable[[Row, list[str]], str] = lambda row, _: _tuple(row)


def offending_rows(target: Target, code: int | None, message: str, statement: str) -> str:
    """One paragraph for an error message, or "" where there is nothing to add."""
    question = _question(code, message, statement)
    if question is None:
        return ""
    try:
        with connect(target.endpoint, target.database, read_timeout=10.0) as connection:
            return _ask(connection, question, _key(connection, target.database, question.table))
    except (pymysql.err.MySQLError, DbsyncError) as error:
        why = redact(str(error.args[-1] if error.args else error))
        return f"{question.label}: could not be read ({why})"


def _ask(connection: Connection, question: Question, key: list[str]) -> str:
    execute(connection, "SET SESSION lock_wait_timeout = 2")
    execute(connection, f"SET SESSION max_execution_time = {_MILLISECONDS}")
    execute(connection, "SET SESSION TRANSACTION READ ONLY")
    found = rows(connection, f"{question.sql(key)} LIMIT {LIMIT + 1}")
    if not found:
        return ""
    shown = "; ".join(question.shown(row, key) for row in found[:LIMIT])
    return f"{question.label}: {shown}{'; and more' if len(found) > LIMIT else ''}"


def _key(connection: Connection, database: str, table: str) -> list[str]:
    """The primary key's columns, quoted."""
    found = rows(
        connection,
        "SELECT column_name FROM information_schema.statistics"
        " WHERE table_schema = %s AND table_name = %s AND index_name = 'PRIMARY' ORDER BY seq_in_index",
        (database, table),
    )
    return [quoted(name) for (name,) in found if name]


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
    return Question(
        f"rows of `{table}` {said}, by key",
        table,
        lambda key: f"SELECT {', '.join(key) or 'COUNT(*)'} FROM {quoted(table)} WHERE {condition}",
    )


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
    return Question(label, table, lambda _: f"{sql} HAVING COUNT(*) > 1")


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
    pointing = _columns(alter[1], child)
    pointed_at = _columns(add[3], parent)

    def sql(key: list[str]) -> str:
        keys = f"GROUP_CONCAT(c.{key[0]} ORDER BY c.{key[0]} SEPARATOR ', ')" if len(key) == 1 else "''"
        return (
            f"SELECT {listed}, COUNT(*), SUBSTRING_INDEX({keys}, ', ', {LIMIT}) FROM {quoted(alter[1])} c"
            f" WHERE {present} AND NOT EXISTS (SELECT 1 FROM {quoted(add[3])} p WHERE {joined})"
            f" GROUP BY {listed}"
        )

    def shown(row: Row, key: list[str]) -> str:
        *values, count, keys = row
        value = _tuple(values) if len(values) > 1 else _shown(values[0])
        which = f": {key[0]} {inert(redact(keys))}" if keys and isinstance(keys, str) else ""
        more = ", …" if which and count > LIMIT else ""
        return f"{pointing} = {value} → no such {pointed_at} ({_rows(count)}{which}{more})"

    return Question(f"rows of `{alter[1]}` that point at nothing in `{add[3]}`", alter[1], sql, shown)


def _columns(table: str, names: list[str]) -> str:
    """`table`.`column`, in parentheses where there are several."""
    listed = ", ".join(f"{quoted(table)}.{name}" for name in names)
    return f"({listed})" if len(names) > 1 else listed


def _rows(count: int) -> str:
    return "1 row" if count == 1 else f"{count:,} rows"


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


def _tuple(cells: Sequence[object]) -> str:
    return "(" + ", ".join(_shown(cell) for cell in cells) + ")"


def _shown(cell: object) -> str:
    text = f"{len(cell)} bytes" if isinstance(cell, bytes) else str(cell)
    return inert(redact(text))[:60]
