"""One attempt at rolling back: look, decide, put back, verify. Each step reads the server."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from resources import progress
from resources.backup.manifest import Manifest
from resources.backup.remote.listing import locate
from resources.errors import NoSuchBackupError, RemoteStorageError, RestoreFailedError
from resources.journal import DeploymentRecord, Journal
from resources.mysql.binlog_text import CannotTellError
from resources.mysql.connection import Connection, connect, execute, quoted, rows, value
from resources.mysql.digest import table_digests
from resources.mysql.installation import parse_version
from resources.mysql.schema import HISTORY_TABLE, table_names
from resources.mysql.server import PrivateServer
from resources.rollback import refusal
from resources.rollback.elsewhere import changed_elsewhere
from resources.rollback.objects import read_objects, table_text
from resources.rollback.old_state import OldState, different_tables, read_old_state, require_complete
from resources.rollback.put_back import How, PutBackResult, put_back, written_since
from resources.rollback.sessions import Ownership, undone_later
from resources.rollback.side import database_charset, drop_database, read_plan
from resources.rollback.state import side_names
from resources.rollback.stripped import mend
from resources.rollback.touched import ChangeLog, UserWrites, touched_by_deployment, user_writes
from resources.rollback.unlogged import unlogged
from resources.target import Target


@dataclass(frozen=True)
class Undone:
    outcome: str
    tables: tuple[str, ...] = ()
    carrier: str = ""
    lost: dict[str, object] = field(default_factory=dict)
    aside: str | None = None
    notes: tuple[str, ...] = ()


class Attempt:
    def __init__(
        self,
        target: Target,
        journal: Journal,
        entry: DeploymentRecord,
        source: PrivateServer,
        accept_loss: bool,
        deadline: float,
        reason: str,
        decided: Callable[[], None] | None = None,
    ) -> None:
        """`decided` is called when nothing speaks against putting back, before anything is changed."""
        self._target = target
        self._journal = journal
        self._entry = entry
        self._source = source
        self._accepts = accept_loss or not target.policy.preserve_user_data
        self._deadline = deadline
        self._reason = reason
        self._decided = decided
        # Read once: users wait while the losses are counted under the locks.
        self._undone_later = undone_later(journal, entry)
        self._names = side_names(target, entry.id)
        self._log: ChangeLog | None = None
        self._notes: tuple[str, ...] = ()
        self._blind: str = ""
        """Why it cannot be told who wrote what; empty where it can."""
        self._writes = UserWrites()
        self._orphans: Mapping[str, int] = {}
        self._lost: dict[str, object] = {}
        self._moved: list[str] = []
        self._texts: dict[str, str] = {}

    def run(self) -> Undone:
        """Raises RollbackRefusedError, RestoreFailedError, RollbackFailedError, pymysql errors."""
        self._manifest = self._load_manifest()
        from_dump = self._manifest is not None and self._manifest.engine != "clone"
        old = read_old_state(self._source, self._target.database, from_dump=from_dump)
        with connect(self._target.endpoint) as connection:
            mend(connection, self._target.database, self._names, self._mending)
            self._version = parse_version(str(value(connection, "SELECT VERSION()")))
            self._blind = unlogged(self._target, self._entry)
            self._read_log()
            self._look_elsewhere(connection)
            swapped = read_plan(connection, self._names.aside)
            if swapped:
                tables = list(swapped.tables)
                self._lost = dict(swapped.facts.get("lost", {}))
                self._blind = str(swapped.facts.get("blind", self._blind))
            else:
                tables = self._decide(connection, old)
            if not tables and not swapped and not self._objects_differ(connection, old):
                return self._nothing_happened(connection, old)
        if self._manifest and not swapped:
            require_complete(self._source, old, self._manifest.tables)
        if self._decided:
            self._decided()
        self._record("rolling_back", step="begun", tables=tables)
        result = put_back(
            self._target,
            self._source,
            old,
            tables,
            names=self._names,
            record=lambda step, **facts: self._record("rolling_back", step=step, **facts),
            proven=self._manifest.tables if self._manifest else None,
            before_swap=self._last_look,
            deadline=self._deadline,
            how=How(before_locks=self._catch_up),
        )
        self._verify(old, result.left_out)
        return self._conclude(old, result)

    # --- what to put back -----------------------------------------------------------

    def _read_log(self) -> None:
        facts = self._entry.facts
        try:
            self._log = ChangeLog.since(
                self._target.endpoint,
                self._source.installation,
                self._target.database,
                str(facts.get("binlog_file") or ""),
                int(facts.get("binlog_position") or 0),
            )
        except CannotTellError as error:
            self._blind = str(error)

    def _look_elsewhere(self, connection: Connection) -> None:
        """Other databases are not put back, and must not be forgotten."""
        if self._log is None:
            return
        changes = self._log.changes
        try:
            ours = self._ownership().deployment_sessions(changes.starts)
        except CannotTellError:
            return  # said where it matters
        present = [str(name) for (name,) in rows(connection, "SHOW DATABASES")]
        found = changed_elsewhere(changes, ours, self._target.database, present)
        self._notes = tuple(
            f"database `{name}` was changed by the deployment too, and was left as it is" for name in found
        )
        for note in self._notes:
            progress.say(note)

    def _decide(self, connection: Connection, old: OldState) -> list[str]:
        """The touched tables. Raises RollbackRefusedError where users' rows are in them."""
        database = self._target.database
        names = table_names(connection, database)
        self._texts = {**{name: table_text(connection, database, name) for name in names}, **old.tables}
        changed = set(different_tables(connection, database, old))
        if self._log is not None and not self._blind:
            try:
                touched = touched_by_deployment(
                    self._log.changes, self._ownership(), database, self._texts, self._version
                )
            except CannotTellError as error:
                self._blind, touched = str(error), set(self._texts)
        else:
            touched = set(self._texts)
        if HISTORY_TABLE in self._texts:
            touched.add(HISTORY_TABLE)
        same_shape = sorted((touched - changed) & set(old.tables) & set(names))
        before = table_digests(self._source.endpoint, database, same_shape)
        now = table_digests(self._target.endpoint, database, same_shape)
        tables = sorted(changed | {name for name in same_shape if before[name] != now[name]})
        self._moved = tables
        if self._blind:
            progress.say(f"every changed table is taken for the deployment's: {self._blind}")
        self._refuse_losses()
        return tables

    def _refuse_losses(self) -> None:
        self._count_losses()
        # Prisma's own table holds no user's rows.
        if self._blind and not self._accepts and set(self._moved) - {HISTORY_TABLE}:
            raise refusal.cannot_tell(self._target, self._entry, self._blind, self._names.aside)
        if self._writes and not self._accepts:
            raise refusal.would_lose(self._target, self._entry, self._writes, self._names.aside)

    def _count_losses(self) -> None:
        self._writes = UserWrites(orphans=self._orphans)
        if self._log is None or self._blind:
            return
        try:
            written = user_writes(
                self._log.changes,
                self._ownership(),
                self._target.database,
                self._texts,
                self._moved,
                self._version,
            )
            self._writes = replace(written, orphans=self._orphans)
        except CannotTellError as error:
            self._blind = str(error)

    def _last_look(self, orphans: Mapping[str, int]) -> dict[str, Any]:
        """Under the tables' locks: what was written since we looked is in the log by now."""
        self._catch_up()
        self._orphans = orphans
        self._refuse_losses()
        self._lost = self._writes.as_dict() if self._writes else {}
        return {"lost": self._lost, "blind": self._blind}

    def _catch_up(self) -> None:
        """Called without locks too: what putting back itself has logged is not read while users wait."""
        try:
            if self._log is not None:
                self._log.catch_up()
        except CannotTellError as error:
            self._blind = str(error)

    def _ownership(self) -> Ownership:
        entry = self._journal.get(self._entry.id)
        same_clock = self._target.endpoint.is_local
        return Ownership.of(entry, same_clock=same_clock, undone=self._undone_later)

    def _objects_differ(self, connection: Connection, old: OldState, left_out: Collection[str] = ()) -> bool:
        views = tuple(view for view in old.objects.views if view.name not in left_out)
        return database_charset(connection, self._target.database) != old.charset or read_objects(
            connection, self._target.database
        ) != replace(old.objects, views=views)

    # --- afterwards -------------------------------------------------------------------

    def _verify(self, old: OldState, left_out: Collection[str]) -> None:
        """Schema texts are what they were. The rows were judged under the locks of the swap."""
        database = self._target.database
        with connect(self._target.endpoint) as connection:
            different = different_tables(connection, database, old)
            if different or self._objects_differ(connection, old, left_out):
                raise RestoreFailedError(
                    "the schema is not what it was before the deployment",
                    where=self._target.name,
                    why=", ".join(f"`{name}`" for name in different) or "views, routines, triggers or events",
                    hint="dbsync validate",
                )

    def _load_manifest(self) -> Manifest | None:
        backup_id = self._entry.facts.get("backup_id")
        try:
            return locate(self._target, str(backup_id)) if backup_id else None
        except (NoSuchBackupError, RemoteStorageError):
            return None  # removed since; the running copy that proved it is what is used

    def _conclude(self, old: OldState, result: PutBackResult) -> Undone:
        gone = self._entry.facts.get("database_created") and not old.tables
        keep = bool(self._lost) or bool(self._blind and set(result.tables) - {HISTORY_TABLE})
        with connect(self._target.endpoint) as connection:
            if not keep:
                drop_database(connection, self._names.aside)
            if gone:
                self._drop_empty_database(connection)
        kept = self._names.aside if keep else None
        notes = (*self._notes, *result.notes, *written_since(self._target, {} if gone else result.digests))
        self._record(
            "rolled_back",
            put_back=list(result.tables),
            lost=self._lost,
            kept_aside=kept,
            carrier=result.carrier,
            notes=list(notes),
        )
        return Undone("rolled_back", result.tables, result.carrier, self._lost, kept, notes)

    def _nothing_happened(self, connection: Connection, old: OldState) -> Undone:
        if self._entry.facts.get("database_created") and not old.tables:
            self._drop_empty_database(connection)
        if self._notes:
            self._record("rolled_back", put_back=[], lost={}, notes=list(self._notes))
            return Undone("rolled_back", notes=self._notes)
        unread = f"whether other databases were changed cannot be told: {self._blind}"
        notes = (unread,) if self._blind else ()
        self._record("failed", note="the database is as it was before the deployment", notes=list(notes))
        return Undone("failed", notes=notes)

    def _drop_empty_database(self, connection: Connection) -> None:
        """The database that the deployment itself had created, if nobody uses it."""
        database = self._target.database
        if not table_names(connection, database) and not read_objects(connection, database).all():
            execute(connection, f"DROP DATABASE {quoted(database)}")

    def _mending(self, **facts: Any) -> None:
        self._record("rolling_back", step="mending", **facts)

    def _record(self, phase: str, **facts: Any) -> None:
        self._journal.record(self._entry.id, phase, reason=self._reason, **facts)
