"""What a deployment touched, and what users wrote since: the two questions a rollback asks."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from resources.mysql.binlog import Position, row_changes
from resources.mysql.binlog_text import CannotTellError, Changes, RowCounts
from resources.mysql.connection import connect, value
from resources.mysql.installation import MysqlInstallation, parse_version
from resources.mysql.schema import HISTORY_TABLE, Schema
from resources.rollback.foreign_keys import foreign_keys, referenced_table
from resources.target import Target

# From this version on the SQL layer runs foreign-key cascades, so they are in the binlog (measured on 9.7).
_CASCADES_LOGGED = (9, 6, 0)
_CASCADING = re.compile(r"ON (?:DELETE|UPDATE) (?:CASCADE|SET NULL)")


@dataclass(frozen=True)
class Touched:
    """`tables`: what must be put back. `user_rows`: table → rows others wrote into those since the backup."""

    tables: list[str]
    user_rows: Mapping[str, RowCounts] = field(default_factory=dict)
    cannot_tell: str = ""
    """Why it is not known what was touched and written; then `tables` is all of them."""


def touched(
    target: Target,
    installation: MysqlInstallation,
    before: Schema,
    now: Schema,
    start: Position,
    threads: Collection[int],
) -> Touched:
    """Compare schemas and read the binlog since `start`; `threads` are the deployment's connections."""
    names = sorted({*before.tables, *now.tables})
    try:
        changes = row_changes(target.endpoint, installation, target.database, start.file, start.position)
    except CannotTellError as error:
        return Touched(names, cannot_tell=str(error))
    own = {name for name in names if before.tables.get(name) != now.tables.get(name)}
    own |= {name for name in names if _rows(changes, name, threads, ours=True).total}
    with connect(target.endpoint) as connection:
        logged = parse_version(str(value(connection, "SELECT @@version"))) >= _CASCADES_LOGGED
    if not logged:
        own |= _children(own, before, now)
    tables = sorted(own & set(names))
    return Touched(tables, _user_rows(tables, changes, threads, before, logged))


def _user_rows(
    tables: list[str], changes: Changes, threads: Collection[int], before: Schema, logged: bool
) -> dict[str, RowCounts]:
    # Under the lock only the deployment writes the history, at times from connections made after a restart.
    counted = {name: _rows(changes, name, threads, ours=False) for name in tables if name != HISTORY_TABLE}
    found = {name: count for name, count in counted.items() if count.total}
    if not logged:
        # A user's write to a parent may have changed its children without a trace.
        writes = {name: _rows(changes, name, threads, ours=False).total for name in before.tables}
        written = {name for name, count in writes.items() if count}
        for child in _children(written, before, before) & set(tables):
            found.setdefault(child, RowCounts(updated=sum(writes.values())))
    return found


def _rows(changes: Changes, table: str, threads: Collection[int], *, ours: bool) -> RowCounts:
    total = RowCounts()
    for session, tables in changes.rows.items():
        # After a restart of the server the same numbers belong to strangers.
        mine = session.start == 0 and session.thread in threads
        if mine == ours and table in tables:
            total.add(tables[table])
    return total


def _children(parents: Collection[str], *schemas: Schema) -> set[str]:
    """Tables that rows of `parents` cascade into, transitively."""
    found: set[str] = set()
    todo = set(parents)
    while todo:
        new = {
            table
            for schema in schemas
            for table, text in schema.tables.items()
            for line in foreign_keys(text).values()
            if _CASCADING.search(line) and referenced_table(line) in todo
        }
        todo = new - found - set(parents)
        found |= new
    return found


def in_words(count: RowCounts) -> str:
    """ "3 inserted, 1 deleted"."""
    return ", ".join(f"{number:,} {name}" for name, number in count.as_dict().items() if number)
