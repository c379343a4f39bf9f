"""Every foreign key value has its parent.

InnoDB enforces this, except for what was written with foreign_key_checks=0
(dumps, imports, some migrations), and it never looks again.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from resources.mysql.connection import quoted
from resources.validation.create_table import split_list, unquoted
from resources.validation.rules.rule import Frame, Suite
from resources.validation.rules.scan import TooSlowError
from resources.validation.rules.scope import Scope

_FOREIGN_KEY = re.compile(
    r"CONSTRAINT `((?:[^`]|``)+)` FOREIGN KEY \((.*?)\)"
    r" REFERENCES ((?:`(?:[^`]|``)+`\.)?`(?:[^`]|``)+`) \((.*?)\)"
)
_NAME = re.compile(r"`((?:[^`]|``)+)`")


def collect(scope: Scope) -> Frame:
    """One line per foreign key that the migrations or the database have: rows without a parent."""
    frame = Frame(("table", "constraint", "parent", "orphans"))
    for table, actual in sorted(scope.actual_tables.items()):
        expected = scope.expected_tables.get(table)
        keys = {**(expected.elements if expected else {}), **actual.elements}
        for title, definition in keys.items():
            match = _FOREIGN_KEY.match(definition) if title.startswith("foreign key ") else None
            if not match:
                continue
            constraint, columns, parent, referenced = unquoted(match[1]), *match.groups()[1:]
            children, parents = list(split_list(columns)), list(split_list(referenced))
            try:
                count = _orphans(scope, table, children, parent, parents)
            except TooSlowError as error:
                frame.unknown.append(f"`{table}`.`{constraint}`: orphans not counted ({error})")
                continue
            if count is None:
                frame.notes.append(f"`{table}`.`{constraint}`: a table or column of it is not there")
                continue
            frame.rows.append((table, constraint, unquoted(_NAME.findall(parent)[-1]), count))
    return frame


def _orphans(scope: Scope, table: str, children: list[str], parent: str, parents: list[str]) -> int | None:
    """Rows of `table` whose key is complete and has no parent; None where a name is not there."""
    if not all(unquoted(name[1:-1]) in scope.actual_tables[table].columns for name in children):
        return None
    if "`.`" not in parent:
        name = _actual_name(scope, unquoted(parent[1:-1]))
        if name is None or not all(unquoted(p[1:-1]) in scope.actual_tables[name].columns for p in parents):
            return None
        parent = scope.sql_name(name)
    complete = " AND ".join(f"c.{name} IS NOT NULL" for name in children)
    same = " AND ".join(f"p.{there} = c.{here}" for here, there in zip(children, parents, strict=True))
    names = ", ".join(f"c.{name}" for name in children)
    child = scope.sql_name(table)
    # Distinct keys first: their index is skipped through, so the cost is the number of parents, not of rows.
    distinct = f"(SELECT DISTINCT {names} FROM {child} c WHERE {complete})"
    missing = f"LEFT JOIN {parent} p ON {same} WHERE p.{parents[0]} IS NULL"
    if not scope.scan.value(f"SELECT COUNT(*) FROM {distinct} c {missing}"):
        return 0
    return scope.scan.value(f"SELECT COUNT(*) FROM {child} c {missing} AND {complete}")


def _actual_name(scope: Scope, name: str) -> str | None:
    return next((actual for actual in scope.actual_tables if scope.key(actual) == scope.key(name)), None)


def describe(line: Mapping[str, Any]) -> str:
    return (
        f"`{line['table']}`: rows without their {quoted(line['parent'])}: {line['orphans']:,}"
        f" (foreign key `{line['constraint']}`)"
    )


SUITE = Suite(
    "orphans",
    "every foreign key value has its parent",
    [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "orphans", "max_value": 0}}],
    describe,
)
