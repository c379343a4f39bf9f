"""No duplicates under the unique keys that the migrations make."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from resources.mysql.connection import quoted
from resources.validation.create_table import Table, split_list, unquoted
from resources.validation.rules.rule import Frame, Suite
from resources.validation.rules.scan import TooSlowError
from resources.validation.rules.scope import Scope

_UNIQUE = re.compile(r"(?:PRIMARY KEY|UNIQUE KEY `(?:[^`]|``)+`) \(")
_PART = re.compile(r"`((?:[^`]|``)+)`(?:\((\d+)\))?(?: (?:ASC|DESC))?")


def collect(scope: Scope) -> Frame:
    """One line per unique key that should be there and is not; an existing one guards itself."""
    frame = Frame(("table", "key", "columns", "duplicates"))
    enforced = 0
    for table, expected in sorted(scope.expected_tables.items()):
        actual = scope.actual_tables.get(table)
        if actual is None:
            continue
        guarded = [set(parts) for parts in unique_keys(actual).values()]
        for title, parts in unique_keys(expected).items():
            if any(guard <= set(parts) for guard in guarded):
                enforced += 1
                continue
            names = [unquoted(match[1]) for part in parts if (match := _PART.fullmatch(part))]
            if not all(name in actual.columns for name in names):
                frame.notes.append(f"`{table}`, {title}: a column of it is not there")
                continue
            shown = ", ".join(parts)
            try:
                frame.rows.append((table, title, shown, _duplicates(scope, table, parts)))
            except TooSlowError as error:
                frame.unknown.append(f"`{table}`, {title}: duplicates not counted ({error})")
    if enforced:
        frame.notes.append(f"{enforced} unique keys not scanned: they exist, so the server enforces them")
    return frame


def unique_keys(table: Table) -> dict[str, list[str]]:
    """Element title → key parts as the server writes them, without direction."""
    found = {}
    for title, definition in table.elements.items():
        match = _UNIQUE.match(definition)
        if match and (title == "primary key" or title.startswith("key ")):
            parts = split_list(definition[match.end() :])
            found[title] = [re.sub(r" (ASC|DESC)$", "", part) for part in parts]
    return found


def _duplicates(scope: Scope, table: str, parts: list[str]) -> int:
    """Number of key values that occur more than once; NULLs never collide."""
    terms = []
    for part in parts:
        match = _PART.fullmatch(part)
        if match is None:
            terms.append(part)
        elif match[2]:
            terms.append(f"LEFT({quoted(unquoted(match[1]))}, {match[2]})")
        else:
            terms.append(quoted(unquoted(match[1])))
    group = ", ".join(terms)
    complete = " AND ".join(f"{term} IS NOT NULL" for term in terms)
    return scope.scan.value(
        f"SELECT COUNT(*) FROM (SELECT 1 FROM {scope.sql_name(table)} WHERE {complete}"
        f" GROUP BY {group} HAVING COUNT(*) > 1) d"
    )


def describe(line: Mapping[str, Any]) -> str:
    return (
        f"`{line['table']}`: values that occur more than once under the unique {line['key']}"
        f" ({line['columns']}): {line['duplicates']:,}"
    )


SUITE = Suite(
    "unique_keys",
    "no duplicates under unique keys",
    [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "duplicates", "max_value": 0}}],
    describe,
)
