"""AUTO_INCREMENT counters are far from the end of their type.

At the end every INSERT fails, and widening the column of a large table takes hours.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resources.validation.rules.rule import Frame, Suite
from resources.validation.rules.scope import Scope

WARN_SHARE = 0.80
FAIL_SHARE = 0.95
_BITS = {"tinyint": 8, "smallint": 16, "mediumint": 24, "int": 32, "bigint": 64}
# FLOAT and DOUBLE counters (deprecated) stop being exact here.
_EXACT = {"float": 2**24, "double": 2**53}


def collect(scope: Scope) -> Frame:
    """One line per counter: its next value and the share of the type's range in use. Index look-ups only."""
    frame = Frame(("table", "column", "type", "used", "largest", "share"))
    found = scope.scan.rows(
        "SELECT c.table_name, c.column_name, c.column_type, c.data_type, t.auto_increment"
        " FROM information_schema.columns c JOIN information_schema.tables t"
        " ON t.table_schema = c.table_schema AND t.table_name = c.table_name"
        " WHERE c.table_schema = %s AND c.extra LIKE '%%auto_increment%%' AND t.table_type = 'BASE TABLE'"
        " ORDER BY 1",
        (scope.database,),
    )
    for table, column, shown, kind, following in found:
        used = max(0, int(following or 1) - 1)
        largest = largest_value(kind, "unsigned" in shown)
        frame.rows.append((table, column, shown, used, largest, used / largest))
    return frame


def largest_value(data_type: str, unsigned: bool) -> int:
    """The largest counter of a type: `int` → 2147483647."""
    if data_type in _EXACT:
        return _EXACT[data_type]
    return 2 ** (_BITS[data_type] - (0 if unsigned else 1)) - 1


def describe(line: Mapping[str, Any]) -> str:
    return (
        f"`{line['table']}`.`{line['column']}` ({line['type']}) has used {line['share']:.1%} of its range:"
        f" {line['used']:,} of {line['largest']:,}"
    )


SUITE = Suite(
    "auto_increment",
    "AUTO_INCREMENT counters have room",
    [
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "share", "max_value": WARN_SHARE, "strict_max": True},
            "severity": "warning",
        },
        {
            "type": "expect_column_values_to_be_between",
            "kwargs": {"column": "share", "max_value": FAIL_SHARE, "strict_max": True},
        },
    ],
    describe,
)
