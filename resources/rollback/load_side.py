"""Building the old tables in the side database, and proving each one as soon as it is full."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from resources import progress
from resources.errors import RestoreFailedError
from resources.mysql.collations import made_again
from resources.mysql.connection import Connection, execute, quoted
from resources.mysql.digest import TableDigest, table_digest, table_digests
from resources.mysql.schema import table_names
from resources.mysql.server import PrivateServer
from resources.rollback.copy_rows import carry_rows
from resources.rollback.foreign_keys import without_foreign_keys
from resources.rollback.journey import DUMP, Journey
from resources.rollback.lanes import in_lanes
from resources.rollback.objects import table_text
from resources.rollback.old_state import OldState, corrupt, is_same_table
from resources.rollback.side import MARKER, SideNames, drop_database
from resources.rollback.tolerant_session import tolerant_session
from resources.rollback.unchanged import Seen, while_reading
from resources.target import Target

Record = Callable[..., None]
KEPT = "kept from the run before"


@dataclass(frozen=True)
class LeftBehind:
    """What a run that did not get to its swap had ready."""

    side: str
    tables: Mapping[str, TableDigest]
    """Those that were complete and proven."""


@dataclass
class Loaded:
    digests: dict[str, TableDigest] = field(default_factory=dict)
    """Of each table, as the side database holds it: equal to the old state's."""
    seen: dict[str, Seen] = field(default_factory=dict)
    ways: dict[str, str] = field(default_factory=dict)
    """Table → files, row events, mysqldump or KEPT."""
    notes: list[str] = field(default_factory=list)

    @property
    def carrier(self) -> str:
        return ", ".join(dict.fromkeys(self.ways.values()))


class SideLoad:
    """Fills a side database that was just made.

    `proven`: the tables' digests where they are known; else the source is read for them.
    """

    def __init__(
        self,
        target: Target,
        source: PrivateServer,
        old: OldState,
        names: SideNames,
        record: Record,
        proven: Mapping[str, TableDigest] | None,
        still_time: Callable[[], None],
    ) -> None:
        self._target, self._source, self._old, self._names = target, source, old, names
        self._record, self._proven, self._still_time = record, proven, still_time
        self._expected = proven
        self._loaded = Loaded()
        self._lock = threading.Lock()

    def run(self, tables: list[str], *, by_files: bool, left: LeftBehind | None) -> Loaded:
        """Raises RestoreFailedError or BackupCorruptError for rows that are not the old ones,
        DiskFullError, pymysql errors."""
        texts = {table: made_again(without_foreign_keys(self._old.tables[table])) for table in tables}
        if left is not None:
            self._adopt(left, texts)
        missing = {table: text for table, text in texts.items() if table not in self._loaded.digests}
        if missing:
            if by_files and self._proven is None:
                # The source ends before the last files are taken.
                self._expected = table_digests(self._source.endpoint, self._old.database, list(missing))
            journey = Journey(
                self._source,
                self._old.database,
                self._target.endpoint,
                self._names.side,
                lambda: tolerant_session(self._target),
                by_files,
            )
            ways = carry_rows(journey, missing, self._arrived, self._still_time)
            self._loaded.notes += ways.notes
        return self._loaded

    def _adopt(self, left: LeftBehind, texts: Mapping[str, str]) -> None:
        """Take over what an earlier run had complete, after reading it again."""
        with tolerant_session(self._target) as connection:
            there = set(table_names(connection, left.side))
            ready = [
                table
                for table in sorted(there & set(left.tables) & set(texts) - {MARKER})
                if is_same_table(table_text(connection, left.side, table), texts[table])
            ]
            # Journalled first: a kill in between leaves them in the new database.
            self._record("adopting", adopting={table: left.tables[table].as_dict() for table in ready})
            for table in ready:
                origin = f"{quoted(left.side)}.{quoted(table)}"
                execute(connection, f"RENAME TABLE {origin} TO {quoted(self._names.side)}.{quoted(table)}")
            drop_database(connection, left.side)
        with progress.step("read what the run before had ready", total=len(ready), unit="tables") as step:

            def judge(table: str, connection: Connection) -> None:
                if self._read(connection, table) == left.tables[table] == self._wanted(table):
                    self._note(table, KEPT)
                else:
                    execute(connection, f"DROP TABLE {quoted(self._names.side)}.{quoted(table)}")
                step.advance(1)

            in_lanes(ready, lambda: tolerant_session(self._target), judge)
        for table in set(ready) - set(self._loaded.ways):
            del self._loaded.digests[table]

    def _arrived(self, connection: Connection, table: str, way: str) -> None:
        wanted, found = self._wanted(table), self._read(connection, table)
        if found == wanted:
            self._note(table, way)
            return
        if self._proven is not None and self._source.is_running and self._in_source(table) != wanted:
            raise corrupt(self._source, [table])
        raise RestoreFailedError(
            f"rows of `{table}` did not come back as they were; nothing in the database was touched",
            where=f"{self._target.name}, database {self._names.side}",
            why=f"by {way}: expected {wanted}, got {found}",
            hint="GRANT REPLICATION_APPLIER ON *.* TO the user (rows are then carried exactly); try again"
            if way == DUMP
            else "type the command again",
        )

    def _read(self, connection: Connection, table: str) -> TableDigest:
        """Its digest as it is in the side database, remembered with what was known of it then."""
        side = self._names.side
        found, seen = while_reading(connection, side, table, lambda: table_digest(connection, side, table))
        with self._lock:
            self._loaded.digests[table] = found
            if seen:
                self._loaded.seen[table] = seen
        return found

    def _wanted(self, table: str) -> TableDigest:
        return self._expected[table] if self._expected is not None else self._in_source(table)

    def _in_source(self, table: str) -> TableDigest:
        with self._source.connect() as connection:
            return table_digest(connection, self._old.database, table)

    def _note(self, table: str, way: str) -> None:
        with self._lock:
            self._loaded.ways[table] = way
            self._record("table", table=table, way=way, **self._loaded.digests[table].as_dict())
