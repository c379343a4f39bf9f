"""What a database loses when it goes back to a moment: everything that was committed after it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from resources.backup.moment.plan import Plan
from resources.mysql.binlog import changes_in_files
from resources.mysql.binlog_event import utc_time
from resources.mysql.binlog_text import CannotTellError, RowCounts
from resources.mysql.installation import MysqlInstallation, parse_version
from resources.rollback.foreign_keys import foreign_keys
from resources.rollback.touched import CASCADES_LOGGED_SINCE, cascades


@dataclass(frozen=True)
class Losses:
    """Transactions are the whole server's; rows and statements those of the database."""

    transactions: int
    first: str
    last: str
    rows: dict[str, RowCounts] = field(default_factory=dict)
    statements: int = 0
    """DDL."""
    cascades: dict[str, str] = field(default_factory=dict)
    """Tables whose rows a foreign key may have changed too, which the log does not say → the parent."""
    unknown: str = ""
    """Why this is not all; empty where it is."""

    def as_dict(self) -> dict[str, Any]:
        return {
            "transactions": self.transactions,
            "from": self.first,
            "to": self.last,
            "rows": {table: counts.as_dict() for table, counts in sorted(self.rows.items())},
            "statements": self.statements,
            "cascades": dict(self.cascades),
            "unknown": self.unknown,
        }


def losses_of(plan: Plan, installation: MysqlInstallation) -> Losses:
    """Of a plan that was made with `whole`. What cannot be told is said in `unknown`."""
    later, base = plan.later, plan.base
    unknown = [] if plan.later_known else [note for note in plan.notes if "not known" in note]
    rows: dict[str, RowCounts] = {}
    statements = 0
    try:
        changes = changes_in_files(
            installation,
            base.database,
            [plan.files[name].path for name in later.files],
            later.start,
            folded=base.server_variables.get("lower_case_table_names", "0") != "0",
        )
        for tables in changes.rows.values():
            for table, counts in tables.items():
                rows.setdefault(table, RowCounts()).add(counts)
        statements = sum(one.database == base.database for one in changes.statements)
    except CannotTellError as error:
        unknown.append(str(error))
    changed = [table for table, counts in rows.items() if counts.updated or counts.deleted]
    return Losses(
        later.transactions,
        utc_time(later.first) if later.first else "",
        utc_time(later.last) if later.last else "",
        rows,
        statements,
        cascades(base.schema.tables, changed) if cascades_unlogged(plan) else {},
        "; ".join(unknown),
    )


def cascades_unlogged(plan: Plan) -> bool:
    """Whether the binary log leaves out rows that foreign keys change."""
    if parse_version(plan.base.server_version)[:2] >= CASCADES_LOGGED_SINCE:
        return False
    return any(key.writes_child for text in plan.base.schema.tables.values() for key in foreign_keys(text))
