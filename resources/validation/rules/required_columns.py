"""Columns that the migrations make NOT NULL hold no NULL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resources.mysql.connection import quoted
from resources.validation.rules.rule import Frame, Suite
from resources.validation.rules.scan import TooSlowError
from resources.validation.rules.scope import Scope, is_not_null


def collect(scope: Scope) -> Frame:
    """One line per column that should be NOT NULL and is not; InnoDB itself guards the others."""
    frame = Frame(("table", "column", "nulls"))
    enforced = 0
    for table, expected in sorted(scope.expected_tables.items()):
        actual = scope.actual_tables.get(table)
        if actual is None:
            continue
        loose = []
        for column, definition in expected.columns.items():
            if column not in actual.columns or not is_not_null(definition):
                continue
            if is_not_null(actual.columns[column]):
                enforced += 1
            else:
                loose.append(column)
        if loose:
            counts = ", ".join(f"COUNT(*) - COUNT({quoted(column)})" for column in loose)
            try:
                found = scope.scan.rows(f"SELECT {counts} FROM {scope.sql_name(table)}")[0]
            except TooSlowError as error:
                frame.unknown.append(f"`{table}`: NULLs not counted ({error})")
                continue
            frame.rows.extend((table, column, int(n)) for column, n in zip(loose, found, strict=True))
    if enforced:
        frame.notes.append(f"{enforced} required columns not scanned: NOT NULL is enforced by the server")
    return frame


def describe(line: Mapping[str, Any]) -> str:
    return f"`{line['table']}`.`{line['column']}` is required; NULLs in it: {line['nulls']:,}"


SUITE = Suite(
    "required_columns",
    "required columns hold no NULL",
    [{"type": "expect_column_values_to_be_between", "kwargs": {"column": "nulls", "max_value": 0}}],
    describe,
)
