"""`dbsync restore ID`: a backup's tables back into its target, or beside it; what was there is kept."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pymysql

from resources import progress
from resources.backup.age_keys import require_key
from resources.backup.manifest import Manifest
from resources.backup.point_in_time import Preview, base_at, preview_at
from resources.backup.remote.fetch import sound_backup
from resources.backup.remote.listing import locate
from resources.backup.standing import standing
from resources.backup.usable import require_usable
from resources.backup.work_folder import work_folder
from resources.errors import (
    ConnectError,
    DbsyncError,
    DiskFullError,
    MissingDefinerError,
    RestoreFailedError,
    RestoreRefusedError,
    UsageError,
)
from resources.journal import Journal
from resources.mysql.connection import connect, value
from resources.mysql.get import get_mysql
from resources.mysql.schema import table_names
from resources.mysql.server import PrivateServer
from resources.rollback.journey import FILES
from resources.rollback.load_side import LeftBehind
from resources.rollback.old_state import OldState, different_tables, read_old_state, require_complete
from resources.rollback.put_back import How, PutBackResult, is_untouched, put_back, written_since
from resources.rollback.replaced_objects import keep_objects
from resources.rollback.restore_checks import (
    command,
    incomplete,
    require_empty,
    require_new_name,
    require_target,
    way_back,
)
from resources.rollback.restore_journal import RESTORES, left_behind, swapped_before
from resources.rollback.restore_losses import Losses, Since
from resources.rollback.restore_scope import Scope, named_tables, require_known, tables_apart
from resources.rollback.restore_source import Origin, is_backup_itself, open_origin
from resources.rollback.side import SideNames, drop_database, is_of_restore, leftovers, read_plan
from resources.rollback.spelling import as_spelled
from resources.rollback.stripped import mend
from resources.rollback.swap import TablesInUseError
from resources.rollback.wish import Wish
from resources.target import Target


@dataclass(frozen=True)
class RestoreResult:
    backup_id: str
    database: str
    tables: tuple[str, ...]
    rows: int
    aside: str
    """The database that keeps what was replaced; "" where nothing was."""
    carrier: str
    seconds: float
    lost: dict[str, object] = field(default_factory=dict)
    """What had been written since the backup, per table: it is in `aside` now."""
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "backup_id": self.backup_id,
            "database": self.database,
            "tables": list(self.tables),
            "rows": self.rows,
            "replaced_state": self.aside,
            "drop_it_with": way_back(self.aside),
            "carrier": self.carrier,
            "seconds": round(self.seconds, 3),
            "lost": self.lost,
            "notes": list(self.notes),
        }


def restore_backup(target: Target, backup_id: str, wish: Wish | None = None) -> RestoreResult:
    """Put tables of a backup into the target; digests compared before they change places.

    Without `tables`: every table and object, and tables that the backup does not have leave the
    database too. With `into`: into a new database of the same server, and the target's own is
    not touched. What was replaced is in the database that the result names. A restore that was
    killed goes on with the tables that were complete. `backup_id` may be empty with a moment (see
    `opened_at`). Raises, with nothing touched: NoSuchBackupError, BackupCorruptError,
    BackupKeyError, RemoteStorageError, UnprovenBackupError where its newest proof, or that of the
    full backup it builds on, failed (unless `accept_failed_proof`), MomentError, ChainBrokenError,
    TargetMismatchError (unless `confirm_target` is the target's name), UsageError,
    ConfirmationError, DiskFullError, RestoreRefusedError where rows written since would be lost (unless
    `accept_loss` or ROLLBACK_PRESERVE_USER_DATA=false), MissingDefinerError. Raises RestoreFailedError where
    it stopped later, saying what is where.
    """
    return _Restore(target, backup_id, wish or Wish()).run()


def preview_restore(target: Target, backup_id: str, wish: Wish) -> Preview:
    """What `restore_backup` would replay, and what the database would lose. Changes nothing, opens nothing.

    Raises what `restore_backup` raises of what can be known so; losses are told, not refused. While the
    target is down it tells what is stored, and notes what was not looked at.
    """
    tables, notes = wish.tables, []
    try:
        planned = _Restore(target, backup_id, wish)
        planned.require_possible()
        backup_id, tables = planned.backup_id, planned.tables
    except ConnectError as error:
        notes.append(f"whether the target would take it was not looked at: {error.what}")
    preview = preview_at(target, backup_id, wish.moment).narrowed(tables, wish.into)
    base = preview.plan.base
    if not is_backup_itself(locate(target, backup_id or base.id), wish.moment):
        known = {name.casefold() for name in base.tables}
        later = [f"`{name}`" for name in tables if known and name.casefold() not in known]
        if later:
            notes.append(
                f"not in {base.id}, so only the restore sees whether it is there: {', '.join(later)}"
            )
    preview.plan.notes += notes
    return preview


class _Restore:
    def __init__(self, target: Target, backup_id: str, wish: Wish) -> None:
        self._begun = time.monotonic()
        self._named = target.name
        if not backup_id and wish.moment is not None:
            backup_id = base_at(target, wish.moment).id
        self._manifest = locate(target, backup_id)
        if wish.into:
            require_new_name(target, wish.into)
        require_target(target, self._manifest, wish)
        require_usable(target, self._manifest, accept_failed_proof=wish.accept_failed_proof)
        self._origin = as_spelled(target)
        self._target = replace(self._origin, database=wish.into) if wish.into else self._origin
        self._wish = wish
        self._tables: tuple[str, ...] | None = wish.tables or None
        self._names = SideNames.of(self._origin.database, f"r{uuid4().hex[:8]}")
        self._journal = Journal(target.storage, RESTORES)
        self._losses: Losses | None = None
        self._replaced_objects: Path | None = None
        self._finishes = False
        """Whether an earlier run had put the tables in place."""

    @property
    def backup_id(self) -> str:
        return self._manifest.id

    @property
    def tables(self) -> tuple[str, ...]:
        """As the backup spells them, where that is known; empty: all of the database."""
        return self._tables or ()

    def require_possible(self) -> None:
        """What costs little to know before anything is fetched or unpacked."""
        if self._is_whole and self._tables and self._manifest.tables:
            known = self._manifest.tables, self._manifest.schema.views
            self._tables = require_known(self._tables, *known)
        if self._wish.into:
            self._look_into()

    def run(self) -> RestoreResult:
        target, backup_id = self._target, self._manifest.id
        self.require_possible()
        if self._is_whole:
            self._look_for_losses(Since.of(self._manifest))
        with progress.step(f"verify backup {backup_id}"):
            manifest = sound_backup(self._origin, backup_id, to_open=True)
        if standing(manifest) != standing(self._manifest):  # the copy here gave way to another
            require_usable(target, manifest, accept_failed_proof=self._wish.accept_failed_proof)
        self._manifest = manifest
        require_key(self._manifest, target.age_identity)
        left = self._clear_leftovers()
        entry = self._journal.begin(
            self._named,
            command=self._command(),
            side=self._names.side,
            aside=self._names.aside,
            **self._identity(),
        )
        folder = work_folder(target, f"restore-{backup_id}-{time.time_ns()}")
        try:
            with progress.step(f"open backup {backup_id}"):
                origin = open_origin(
                    self._origin, self._manifest, self._wish.moment, folder, self._require_base
                )
        except BaseException as error:
            self._journal.record(entry, "failed", error=str(error), note="nothing was changed")
            raise
        try:
            result, scope = self._put_back(origin, entry, left)
        except (DbsyncError, pymysql.err.MySQLError, OSError) as error:
            if _is_plain(error) and self._is_untouched():
                self._journal.record(entry, "failed", error=str(error), note="nothing was changed")
                raise
            self._journal.record(entry, "restore_incomplete", error=str(error))
            raise incomplete(target, self._names, error, self._command()) from error
        finally:
            origin.server.discard()
        aside = self._conclude(entry, result)
        written = written_since(target, result.digests) if self._finishes else ()
        return RestoreResult(
            backup_id,
            target.database,
            result.tables,
            sum(digest.rows for digest in result.digests.values()),
            aside,
            result.carrier,
            time.monotonic() - self._begun,
            self._losses.lost if self._losses else {},
            (*origin.notes, *scope.notes, *result.notes, *written, *self._said(result, aside)),
        )

    # --- inside -------------------------------------------------------------------------

    def _require_base(self, base: Manifest) -> None:
        """An increment is no better than the full backup that it is replayed on."""
        if base.id != self._manifest.id:
            require_usable(self._origin, base, accept_failed_proof=self._wish.accept_failed_proof)

    @property
    def _is_whole(self) -> bool:
        return is_backup_itself(self._manifest, self._wish.moment)

    def _identity(self) -> dict[str, Any]:
        """In what a restore that goes on must be like the one before."""
        return {
            "backup_id": self._manifest.id,
            "moment": str(self._wish.moment or ""),
            "server_uuid": self._uuid(),
            "wanted_tables": list(self._tables) if self._tables else [],
            "into": self._wish.into,
        }

    def _look_into(self) -> None:
        """It is empty, or filled by the same restore, which was stopped: then that is finished."""
        into = {"into": self._wish.into, "server_uuid": self._uuid()}
        with connect(self._target.endpoint) as connection:
            mine = swapped_before(connection, self._journal, self._named, self._identity())
            other = swapped_before(connection, self._journal, self._named, into)
            if mine is not None:
                names = SideNames(str(mine.facts["side"]), str(mine.facts["aside"]))
                plan = read_plan(connection, names.aside)
                present = set(table_names(connection, self._target.database))
                if plan is not None and set(plan.tables) <= present:
                    self._names, self._finishes = names, True
                    return
        require_empty(self._target, str(other.facts.get("command", "")) if other else "")

    def _uuid(self) -> str:
        with connect(self._target.endpoint) as connection:
            return str(value(connection, "SELECT @@server_uuid"))

    def _command(self) -> str:
        return command(self._manifest.id, replace(self._wish, tables=self.tables))

    def _look_for_losses(self, since: Since) -> None:
        """Nothing is lost where a database of its own is made."""
        if self._wish.into:
            return
        target, manifest = self._target, self._manifest
        elsewhere = ""
        if manifest.server_uuid != self._uuid() or manifest.database != target.database:
            elsewhere = "the backup is of another database"
        self._losses = Losses(
            target,
            since,
            get_mysql(target.tools, target.mysqld),
            [Journal(target.storage), self._journal],
            self._names.aside,
            tables=self._tables,
            accepts=self._wish.accept_loss,
            command=self._command(),
            elsewhere=elsewhere,
        )
        with progress.step("count what was written since"):
            self._losses.look()

    def _clear_leftovers(self) -> LeftBehind | None:
        """What ended restores left: half-filled databases go, but for what this one goes on with."""
        database = self._origin.database
        with connect(self._target.endpoint) as connection:
            left = left_behind(connection, self._journal, self._named, self._identity())
            if left:
                progress.say(
                    f"going on from a restore that was not completed: {len(left.tables)} tables are ready"
                )
            for name in leftovers(connection, database):
                if name in (self._names.side, self._names.aside):
                    continue  # of the restore that this one finishes
                is_side = is_of_restore(name, database, "side")
                is_aside = is_of_restore(name, database, "aside")
                if is_side:
                    mend(connection, database, SideNames(name, ""))
                empty = is_aside and read_plan(connection, name) is None and not table_names(connection, name)
                if empty or (is_side and not (left and name == left.side)):
                    drop_database(connection, name)
                elif is_aside:
                    progress.say(
                        f"database `{name}` keeps what an earlier restore replaced: dbsync restore finish"
                    )
        return left

    def _put_back(self, origin: Origin, entry: str, left: LeftBehind | None) -> tuple[PutBackResult, Scope]:
        target, source = self._target, origin.server
        backup = read_old_state(source, origin.base.database, from_dump=origin.base.engine != "clone")
        if origin.proven is not None:
            require_complete(source, backup, origin.proven)
        if self._tables:
            views = [one.name for one in backup.objects.views]
            self._tables = require_known(self._tables, backup.tables, views)
        if self._losses is None:
            self._look_for_losses(origin.since)
        scope = self._scope(source, backup)
        losses = self._losses
        self._keep_objects(scope)
        result = put_back(
            target,
            source,
            scope.old,
            scope.tables,
            names=self._names,
            record=lambda step, **facts: self._journal.record(entry, "restoring", step=step, **facts),
            proven=origin.proven,
            before_swap=losses.last_look if losses else lambda _: None,
            how=How(
                by_files=target.restore_way == "auto",
                left=left,
                views=scope.views,
                accept_missing_definers=self._wish.accept_missing_definers,
                command=self._command(),
                keeps_side=lambda error: isinstance(error, (RestoreRefusedError, TablesInUseError)),
                before_locks=losses.look_again if losses else lambda: None,
                judges_parents=self._tables is not None and not self._wish.into,
            ),
        )
        with connect(target.endpoint) as connection:
            limit = scope.tables if self._tables else None
            different = different_tables(connection, target.database, scope.old, limit)
        if different:
            raise RestoreFailedError(
                "the database does not have the schema that the backup has",
                where=", ".join(f"`{name}`" for name in different),
                why="somebody changes it while it is restored, or the restore went wrong",
            )
        return result, scope

    def _keep_objects(self, scope: Scope) -> None:
        if self._wish.into:
            return
        path = self._target.state / f"{self._names.aside}.sql"
        with connect(self._target.endpoint) as connection:
            if keep_objects(connection, self._target.database, scope.old.objects.all(), path):
                self._replaced_objects = path

    def _scope(self, source: PrivateServer, backup: OldState) -> Scope:
        target = self._target
        with connect(target.endpoint) as connection:
            if self._wish.into:
                return tables_apart(backup, self._tables)
            if self._tables:
                return named_tables(source, backup, connection, target.database, self._tables)
            present = table_names(connection, target.database)
            return Scope(backup, tuple(sorted({*present, *backup.tables})), None)

    def _is_untouched(self) -> bool:
        try:
            with connect(self._target.endpoint) as connection:
                return is_untouched(connection, self._names)
        except (pymysql.err.MySQLError, ConnectError):
            return False

    def _conclude(self, entry: str, result: PutBackResult) -> str:
        """Close the journal entry; returns the database that keeps something, or ""."""
        with connect(self._target.endpoint) as connection:
            kept = set(table_names(connection, self._names.aside)) & set(result.tables)
            if not kept:
                drop_database(connection, self._names.aside)
        aside = self._names.aside if kept else ""
        lost = self._losses.lost if self._losses else {}
        self._journal.record(entry, "restored", kept_aside=aside, carrier=result.carrier, lost=lost)
        return aside

    def _said(self, result: PutBackResult, aside: str) -> list[str]:
        notes = [self._losses.note] if self._losses and self._losses.note else []
        if FILES in result.carrier:
            notes.append(
                "rows that came as files are in no binary log: incremental backups can go on only from a"
                " new full backup (dbsync backup)"
            )
        if self._replaced_objects:
            notes.append(
                f"views, routines, triggers and events that were replaced are in {self._replaced_objects}"
            )
        if aside:
            notes.append(f"what was replaced is kept in database `{aside}` until: dbsync restore finish")
        return notes


def _is_plain(error: BaseException) -> bool:
    """Errors that say by themselves that nothing was changed, and what to do."""
    return isinstance(error, (RestoreRefusedError, MissingDefinerError, UsageError, DiskFullError))
