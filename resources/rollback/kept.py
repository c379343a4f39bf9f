"""What restores keep beside the database, until a person says that it may go."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from resources import progress
from resources.journal import DeploymentRecord, Journal
from resources.mysql.connection import Connection, connect, execute, rows
from resources.rollback.restore_journal import RESTORES, is_finished
from resources.rollback.side import MARKER, SideNames, drop_database, is_of_restore, leftovers
from resources.rollback.spelling import as_spelled
from resources.rollback.stripped import mend
from resources.target import Target

REPLACED, HALF_FILLED, UNFINISHED, UNKNOWN = "replaced", "half-filled", "unfinished", "unknown"


@dataclass(frozen=True)
class Kept:
    """One database. `rows` is the server's estimate, `bytes` the size of rows and indexes."""

    database: str
    kind: str
    """replaced: what a restore that ended well took out; unfinished: the same of one that did not
    end; half-filled: what one that ended before its swap had copied; unknown: of one that this
    project's journal does not know, so it may not be over."""
    tables: int
    rows: int
    bytes: int
    since: str
    """UTC, ISO 8601."""
    backup_id: str = ""
    command: str = ""
    """What made it, to be typed again where it is unfinished."""

    @property
    def may_go(self) -> bool:
        return self.kind not in (UNFINISHED, UNKNOWN)

    @property
    def way_on(self) -> str:
        """Why it stays where it may not go, and the next command."""
        if self.kind == UNKNOWN:
            return (
                "the restore that made it is not in this project's journal, and may not be complete;"
                f" ask where it was typed, then: DROP DATABASE `{self.database}`"
            )
        return f"that restore is not complete; next: {self.command}"

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def kept_databases(target: Target) -> list[Kept]:
    """Of this target's restores, oldest first. Raises ConnectError, pymysql errors."""
    entries = Journal(target.storage, RESTORES).all()
    database = as_spelled(target).database
    with connect(target.endpoint) as connection:
        found = [
            _read(connection, name, entries)
            for name in leftovers(connection, database)
            if is_of_restore(name, database, "side") or is_of_restore(name, database, "aside")
        ]
    return sorted(found, key=lambda one: (one.since, one.database))


def _read(connection: Connection, name: str, entries: list[DeploymentRecord]) -> Kept:
    execute(connection, "SET SESSION information_schema_stats_expiry = 0")
    tables, count, size, made = rows(
        connection,
        "SELECT COUNT(*), COALESCE(SUM(table_rows), 0), COALESCE(SUM(data_length + index_length), 0),"
        " DATE_FORMAT(CONVERT_TZ(MIN(create_time), @@session.time_zone, '+00:00'),"
        " '%%Y-%%m-%%dT%%H:%%i:%%sZ')"
        " FROM information_schema.tables WHERE table_schema = %s AND table_name <> %s",
        (name, MARKER),
    )[0]
    mine = [one for one in entries if name in (one.facts.get("aside"), one.facts.get("side"))]
    entry = mine[-1] if mine else None
    if entry is None:
        kind = UNKNOWN
    elif entry.facts.get("side") == name:
        kind = HALF_FILLED
    else:
        kind = REPLACED if is_finished(entry, entries) else UNFINISHED
    since = _swapped_at(entry) if entry else ""
    return Kept(
        name,
        kind,
        int(tables),
        int(count),
        int(size),
        since or str(made or ""),
        str(entry.facts.get("backup_id", "")) if entry else "",
        str(entry.facts.get("command", "")) if entry else "",
    )


def _swapped_at(entry: DeploymentRecord) -> str:
    moments = [str(event["at"]) for event in entry.events if event.get("step") == "swapped"]
    return (moments or [str(entry.events[-1]["at"])])[0].replace("+00:00", "Z")


def drop_kept(target: Target, kept: list[Kept]) -> list[str]:
    """Drop these databases and note it in the journal; the names of those that were there.

    The caller holds the target's lock and has shown what they hold.
    """
    database, dropped = as_spelled(target).database, []
    journal = Journal(target.storage, RESTORES)
    present = {one.database: one for one in kept_databases(target)}
    with connect(target.endpoint) as connection:
        for one in kept:
            now = present.get(one.database)
            if now is None or not now.may_go or now.tables != one.tables:
                progress.say(f"`{one.database}` is not what was shown any more, and stays")
                continue
            if now.kind == HALF_FILLED:
                mend(connection, database, SideNames(one.database, ""))
            drop_database(connection, one.database)
            dropped.append(one.database)
    for entry in journal.all():
        gone = {entry.facts.get("aside"), entry.facts.get("side")} & set(dropped)
        if gone and entry.target == target.name and entry.is_final:
            journal.record(entry.id, entry.phase, dropped=sorted(map(str, gone)))
    return dropped
