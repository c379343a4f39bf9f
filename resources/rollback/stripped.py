"""What is taken off the present tables just before the swap: views in the way, keys, triggers.

Their texts lie in the marker before the first of them goes, so that whoever finds a swap
that did not happen, in this process or after it was killed, puts them on again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from resources import progress
from resources.mysql.connection import Connection, execute, quoted, rows
from resources.rollback.foreign_keys import ForeignKey, foreign_keys
from resources.rollback.objects import (
    Definition,
    create_views,
    equalise_triggers,
    replace_foreign_keys,
    table_text,
)
from resources.rollback.side import SideNames, read_plan, update_marker

FACT = "stripped"


@dataclass(frozen=True)
class Stripped:
    keys: Mapping[tuple[str, str], tuple[str, ...]]
    """(database, table) → clauses."""
    triggers: tuple[Definition, ...] = ()
    tables: tuple[str, ...] = ()
    """Whose triggers these are, all of them."""
    views: tuple[Definition, ...] = ()

    def encode(self) -> dict[str, Any]:
        return {
            "keys": [[*place, list(clauses)] for place, clauses in self.keys.items()],
            "triggers": [asdict(one) for one in self.triggers],
            "tables": list(self.tables),
            "views": [asdict(one) for one in self.views],
        }

    @classmethod
    def decode(cls, data: Mapping[str, Any]) -> Stripped:
        return cls(
            {(schema, table): tuple(clauses) for schema, table, clauses in data["keys"]},
            tuple(Definition(**one) for one in data["triggers"]),
            tuple(data["tables"]),
            tuple(Definition(**one) for one in data["views"]),
        )


def strip(connection: Connection, other: Connection, database: str, stripped: Stripped) -> None:
    """`other`: a second connection, as a view cannot be dropped by one that holds locks."""
    for view in stripped.views:
        execute(other, f"DROP VIEW {quoted(database)}.{quoted(view.name)}")
    for trigger in stripped.triggers:
        # A table with triggers cannot be renamed into another database (error 1435).
        execute(connection, f"DROP TRIGGER {quoted(database)}.{quoted(trigger.name)}")
    for (schema, table), clauses in stripped.keys.items():
        replace_foreign_keys(connection, schema, table, _keys(clauses), [])


def put_on_again(connection: Connection, database: str, stripped: Stripped) -> None:
    """The keys and triggers that are missing. May be repeated, and under the tables' locks."""
    execute(connection, "SET SESSION foreign_key_checks = 0, sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")
    there = _tables(connection)
    for (schema, table), clauses in stripped.keys.items():
        if (schema, table) in there:
            has = {key.name for key in foreign_keys(table_text(connection, schema, table))}
            missing = [key for key in _keys(clauses) if key.name not in has]
            replace_foreign_keys(connection, schema, table, [], missing)
    tables = [table for table in stripped.tables if (database, table) in there]
    equalise_triggers(connection, database, stripped.triggers, tables)


def mend(
    connection: Connection, database: str, names: SideNames, record: Callable[..., None] = lambda **_: None
) -> None:
    """Put on again what a swap that did not happen had taken off, if one left that behind.

    `record(put_back_threads=…)` is called before this session changes anything.
    """
    plan = read_plan(connection, names.side)
    if plan is None or FACT not in plan.facts:
        return
    record(put_back_threads=[int(connection.thread_id())])
    stripped = Stripped.decode(plan.facts[FACT])
    if rows(connection, "SELECT 1 FROM information_schema.schemata WHERE schema_name = %s", (database,)):
        progress.say("an earlier run ended before its swap; its keys and triggers are put back")
        put_on_again(connection, database, stripped)
        there = _tables(connection)
        create_views(connection, [view for view in stripped.views if (database, view.name) not in there])
    facts = {name: fact for name, fact in plan.facts.items() if name != FACT}
    update_marker(connection, names, replace(plan, facts=facts))


def _tables(connection: Connection) -> set[tuple[str, str]]:
    """Views too."""
    found = rows(connection, "SELECT table_schema, table_name FROM information_schema.tables")
    return {(schema, table) for schema, table in found}


def _keys(clauses: tuple[str, ...]) -> list[ForeignKey]:
    return [key for clause in clauses for key in foreign_keys(f"  {clause}")]
