"""What the deployment changed, and what users changed since, in the same tables."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from resources.journal import DeploymentRecord
from resources.mysql.binlog import row_changes
from resources.mysql.binlog_text import CannotTellError, Changes, RowCounts, Session
from resources.mysql.endpoint import Endpoint
from resources.mysql.installation import MysqlInstallation
from resources.mysql.schema import HISTORY_TABLE
from resources.rollback.foreign_keys import foreign_keys
from resources.rollback.sessions import Ownership
from resources.rollback.statements import object_defined, tables_named
from resources.target import Target

CASCADES_LOGGED_SINCE = (9, 6)
"""Before this version the rows that a foreign key changes are in no binary log."""


@dataclass
class ChangeLog:
    """The binary log from the backup on, read once and then only further."""

    endpoint: Endpoint
    installation: MysqlInstallation
    database: str
    changes: Changes

    @classmethod
    def since(
        cls, endpoint: Endpoint, installation: MysqlInstallation, database: str, file: str, position: int
    ) -> ChangeLog:
        """Raises CannotTellError."""
        log = cls(endpoint, installation, database, Changes(file=file, position=position))
        log.catch_up()
        return log

    def catch_up(self) -> None:
        self.changes.add(
            row_changes(
                self.endpoint,
                self.installation,
                self.database,
                self.changes.file,
                self.changes.position,
            )
        )


@dataclass(frozen=True)
class UserWrites:
    """Per table what sessions other than the deployment's did."""

    rows: Mapping[str, RowCounts] = field(default_factory=dict)
    statements: Mapping[str, int] = field(default_factory=dict)
    """DDL of others."""
    objects: Mapping[tuple[str, str], int] = field(default_factory=dict)
    """(kind, name) of views, routines, triggers and events → DDL of others."""
    cascades: Mapping[str, str] = field(default_factory=dict)
    """Tables whose rows a foreign key may have changed unlogged → the parent that was written."""
    orphans: Mapping[str, int] = field(default_factory=dict)
    """"child → parent": rows that would point at nothing, as their parent is not among the old rows."""

    def __bool__(self) -> bool:
        return bool(self.rows or self.statements or self.objects or self.cascades or self.orphans)

    def __str__(self) -> str:
        parts = [
            f"`{table}`: "
            + ", ".join(f"{number} {kind}" for kind, number in counts.as_dict().items() if number)
            for table, counts in sorted(self.rows.items())
        ]
        parts += [f"`{table}`: {number} DDL statements" for table, number in sorted(self.statements.items())]
        parts += [
            f"{kind} `{name}`: {number} DDL statements" for (kind, name), number in self.objects.items()
        ]
        parts += [f"`{table}`: perhaps by cascade from `{parent}`" for table, parent in self.cascades.items()]
        parts += [f"{number} rows would point at nothing ({keys})" for keys, number in self.orphans.items()]
        return "; ".join(parts)

    def as_dict(self) -> dict[str, object]:
        return {
            "rows": {table: counts.as_dict() for table, counts in self.rows.items()},
            "statements": dict(self.statements),
            "objects": {f"{kind} {name}": number for (kind, name), number in self.objects.items()},
            "cascades": dict(self.cascades),
            "orphans": dict(self.orphans),
        }


def touched_by_deployment(
    changes: Changes,
    ownership: Ownership,
    database: str,
    tables: Mapping[str, str],
    version: tuple[int, ...],
) -> set[str]:
    """Tables that the deployment's sessions wrote to, named in DDL, or changed by a cascade.

    `tables`: every table before or after, name → text. Raises CannotTellError.
    """
    ours = ownership.deployment_sessions(changes.starts)
    touched: set[str] = set()
    spreading: set[str] = set()
    for session in ours & set(changes.rows):
        for table, counts in _spelled(changes, session, tables):
            touched.add(table)
            if counts.updated or counts.deleted:
                spreading.add(table)
    for statement in changes.statements:
        if statement.session in ours:
            touched |= tables_named(statement, database, tables)
    if version[:2] < CASCADES_LOGGED_SINCE:
        touched |= set(cascades(tables, spreading))
    return touched


def user_writes(
    changes: Changes,
    ownership: Ownership,
    database: str,
    tables: Mapping[str, str],
    put_back: Collection[str],
    version: tuple[int, ...],
    objects: Collection[tuple[str, str]] = (),
) -> UserWrites:
    """What others wrote in the tables `put_back`. Prisma's own table holds no user's rows.

    `objects`: (kind, name in lower case) of what is no table and would be replaced too. Raises
    CannotTellError.
    """
    ours = ownership.deployment_sessions(changes.starts) | ownership.put_back_sessions(changes.starts)
    ours |= ownership.undone_sessions(changes.starts)
    wanted = set(put_back) - {HISTORY_TABLE}
    rows: dict[str, RowCounts] = {}
    spreading: set[str] = set()
    for session in changes.rows:
        if session in ours:
            continue
        for table, counts in _spelled(changes, session, tables):
            if table in wanted:
                rows.setdefault(table, RowCounts()).add(counts)
            if counts.updated or counts.deleted:
                spreading.add(table)
    statements: dict[str, int] = {}
    defined: dict[tuple[str, str], int] = {}
    for statement in changes.statements:
        if statement.session not in ours:
            for table in tables_named(statement, database, wanted):
                statements[table] = statements.get(table, 0) + 1
            found = object_defined(statement, database) if objects else None
            if found and found in objects:
                defined[found] = defined.get(found, 0) + 1
    unlogged = cascades(tables, spreading) if version[:2] < CASCADES_LOGGED_SINCE else {}
    by_cascade = {table: unlogged[table] for table in wanted & set(unlogged)}
    return UserWrites(rows, statements, defined, by_cascade)


def _spelled(changes: Changes, session: Session, tables: Collection[str]) -> Iterable[tuple[str, RowCounts]]:
    """What the session wrote, under the tables' names as they are in `tables`."""
    names = {name.lower(): name for name in tables} if changes.folded else {}
    return [(names.get(table, table), counts) for table, counts in changes.rows[session].items()]


def rows_by_others(
    target: Target,
    entry: DeploymentRecord,
    installation: MysqlInstallation,
    tables: Mapping[str, str],
    version: tuple[int, ...],
) -> dict[str, int] | None:
    """Net rows (inserts less deletes) that sessions other than the deployment's wrote since its backup.

    `tables`: name → text; version: the server's. None where the binary log does not say:
    it is off or purged, or a foreign key may have deleted rows without a trace.
    """
    try:
        log = ChangeLog.since(
            target.endpoint,
            installation,
            target.database,
            str(entry.facts.get("binlog_file") or ""),
            int(entry.facts.get("binlog_position") or 0),
        )
        ownership = Ownership.of(entry, same_clock=target.endpoint.is_local)
        writes = user_writes(log.changes, ownership, target.database, tables, tables, version)
    except CannotTellError:
        return None
    if writes.cascades:
        return None
    return {table: counts.inserted - counts.deleted for table, counts in writes.rows.items()}


def cascades(tables: Mapping[str, str], parents: Collection[str]) -> dict[str, str]:
    """Tables whose rows change when rows of `parents` do, through any number of keys → a parent."""
    reached: dict[str, str] = {}
    todo = list(parents)
    while todo:
        parent = todo.pop()
        for table, text in tables.items():
            if table not in reached and any(
                key.table == parent and key.database is None and key.writes_child
                for key in foreign_keys(text)
            ):
                reached[table] = parent
                todo.append(table)
    return reached
