"""No table has fewer rows than when the release began."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from typing import Any

from resources.mysql.schema import HISTORY_TABLE
from resources.validation.rules.rule import Frame, Suite
from resources.validation.rules.scan import TooSlowError
from resources.validation.rules.scope import Scope

TOLERATED_SHARE = 0.01
"""A fall within this share of the rows only warns where the binlog cannot say who deleted them."""


def collect(scope: Scope) -> Frame:
    """One line per table that was there before. `lost`: rows that no other session accounts for."""
    frame = Frame(("table", "before", "after", "by_others", "lost", "lost_share"))
    if scope.before is None:
        frame.notes.append("no backup of this run to compare row counts with")
        return frame
    for table, digest in sorted(scope.before.items()):
        if table.lower() == HISTORY_TABLE:
            continue
        if scope.key(table) in {scope.key(name) for name in scope.may_shrink}:
            frame.notes.append(f"`{table}` ({digest.rows:,} rows before): fewer rows are accepted")
            continue
        if table not in scope.actual_tables:
            if table not in scope.expected_tables:
                frame.notes.append(f"`{table}` ({digest.rows:,} rows): dropped or renamed by the migrations")
                continue
            after = 0
        else:
            try:
                after = scope.scan.value(f"SELECT COUNT(*) FROM {scope.sql_name(table)}")
            except TooSlowError as error:
                frame.unknown.append(f"`{table}`: rows not counted ({error})")
                continue
        others = scope.others.get(table, 0) if scope.others is not None else 0
        lost = max(0, digest.rows + others - after)
        base = max(1, digest.rows)
        # With the binlog counted every missing row is the migration's; without, a few may be users'.
        share = 1.0 if lost and (scope.others is not None or after == 0) else lost / base
        frame.rows.append((table, digest.rows, after, others, lost, share))
    return frame


def describe(line: Mapping[str, Any]) -> str:
    others = line["by_others"]
    meanwhile = f" ({others:+,} by other sessions)" if others else ""
    return (
        f"`{line['table']}` had {line['before']:,} rows before and has {line['after']:,} now{meanwhile}; "
        f"on purpose: {_command(line['table'])}"
    )


def _command(table: str) -> str:
    return f"dbsync deploy --accept-fewer-rows {shlex.quote(table)}"


SUITE = Suite(
    "row_counts",
    "no table lost rows",
    [
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "lost", "max_value": 0},
            "severity": "warning",
        },
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "lost_share", "max_value": TOLERATED_SHARE},
        },
    ],
    describe,
)
