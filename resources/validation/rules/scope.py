"""What the built-in rules look at: the two schemas, the rows before, and a bounded reader."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from resources.mysql.connection import quoted
from resources.mysql.digest import TableDigest
from resources.mysql.schema import HISTORY_TABLE, Schema
from resources.validation.create_table import Table, parse_table
from resources.validation.rules.scan import Scan


@dataclass(frozen=True)
class Scope:
    """`before`: rows of each table when the release began, where they are known.

    `others`: net rows (inserts less deletes) of each table by sessions other than the
    migration since then, where the binlog was counted.
    """

    scan: Scan
    database: str
    expected: Schema
    actual: Schema
    before: Mapping[str, TableDigest] | None = None
    others: Mapping[str, int] | None = None
    may_shrink: frozenset[str] = frozenset()
    """Tables of which a person said that the release deletes rows on purpose."""
    fold: bool = False
    """Table names are compared without case (lower_case_table_names is not 0)."""

    @cached_property
    def expected_tables(self) -> dict[str, Table]:
        """By the name that the table has in the database, else by its expected name."""
        actual = {self.key(name): name for name in self.actual.tables}
        return {
            actual.get(self.key(name), name): parse_table(text)
            for name, text in self.expected.tables.items()
            if name.lower() != HISTORY_TABLE
        }

    @cached_property
    def actual_tables(self) -> dict[str, Table]:
        return {
            name: parse_table(text)
            for name, text in self.actual.tables.items()
            if name.lower() != HISTORY_TABLE
        }

    def key(self, name: str) -> str:
        return name.lower() if self.fold else name

    def sql_name(self, table: str) -> str:
        return f"{quoted(self.database)}.{quoted(table)}"


def is_not_null(definition: str) -> bool:
    """Whether a column's definition says NOT NULL (outside of its strings)."""
    return " NOT NULL" in re.sub(r"'(?:[^'\\]|''|\\.)*'", "''", definition)
