"""`dbsync restore ID`: a backup's tables back into its target, or beside it; what was there is kept."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any
from uuid import uuid4

import pymysql

from resources import progress
from resources.backup.catalog import load_manifest
from resources.backup.open import open_manifest
from resources.backup.verify import verify_files
from resources.backup.work_folder import work_folder
from resources.errors import (
    DbsyncError,
    DiskFullError,
    MissingDefinerError,
    RestoreFailedError,
    RestoreRefusedError,
)
from resources.journal import Journal
from resources.mysql.connection import connect, value
from resources.mysql.get import get_mysql
from resources.mysql.schema import table_names
from resources.mysql.server import PrivateServer
from resources.rollback.copy_rows import FILES
from resources.rollback.copy_rows_by_events import SOURCE_VARIABLES
from resources.rollback.load_side import LeftBehind
from resources.rollback.old_state import different_tables, read_old_state, require_complete
from resources.rollback.put_back import How, PutBackResult, put_back
from resources.rollback.restore_checks import (
    command,
    incomplete,
    require_empty,
    require_new_name,
    require_target,
    way_back,
)
from resources.rollback.restore_journal import RESTORES, left_behind
from resources.rollback.restore_losses import Losses
from resources.rollback.restore_scope import Scope, named_tables, require_known, tables_apart
from resources.rollback.side import SideNames, drop_database, is_of_restore, leftovers, read_plan
from resources.rollback.spelling import as_spelled
from resources.rollback.stripped import mend
from resources.rollback.swap import TablesInUseError
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


@dataclass(frozen=True)
class Wish:
    """What exactly is asked for."""

    tables: tuple[str, ...] = ()
    """Empty: all of the database."""
    into: str = ""
    """A database of the target's server that is made for it; "": the target's own."""
    confirm_target: str | None = None
    accept_loss: bool = False
    accept_missing_definers: bool = False


def restore_backup(
    target: Target,
    backup_id: str,
    *,
    tables: Sequence[str] = (),
    into: str = "",
    confirm_target: str | None = None,
    accept_loss: bool = False,
    accept_missing_definers: bool = False,
) -> RestoreResult:
    """Put tables of a backup into the target; digests compared before they change places.

    Without `tables`: every table and object, and tables that the backup does not have leave the
    database too. With `into`: into a new database of the same server, and the target's own is
    not touched. What was replaced is in the database that the result names. A restore that was
    killed goes on with the tables that were complete. Raises, with nothing touched:
    NoSuchBackupError, BackupCorruptError, TargetMismatchError (unless `confirm_target` is the
    target's name), UsageError, ConfirmationError, DiskFullError, RestoreRefusedError where rows
    written since would be lost (unless `accept_loss` or ROLLBACK_PRESERVE_USER_DATA=false),
    MissingDefinerError. Raises RestoreFailedError where it stopped later, saying what is where.
    """
    wish = Wish(tuple(tables), into, confirm_target, accept_loss, accept_missing_definers)
    return _Restore(target, backup_id, wish).run()


class _Restore:
    def __init__(self, target: Target, backup_id: str, wish: Wish) -> None:
        self._begun = time.monotonic()
        self._named = target.name
        self._manifest = load_manifest(target.storage, backup_id)
        require_target(target, self._manifest, wish.confirm_target, into=wish.into)
        if wish.into:
            require_new_name(target, wish.into)
        self._origin = as_spelled(target)
        self._target = replace(self._origin, database=wish.into) if wish.into else self._origin
        self._wish = wish
        self._tables: tuple[str, ...] | None = None
        if wish.tables:
            self._tables = require_known(wish.tables, self._manifest.tables, self._manifest.schema.views)
        self._names = SideNames.of(self._origin.database, f"r{uuid4().hex[:8]}")
        self._journal = Journal(target.storage, RESTORES)
        self._losses: Losses | None = None

    def run(self) -> RestoreResult:
        target, backup_id = self._target, self._manifest.id
        if self._wish.into:
            require_empty(target)
        else:
            self._losses = self._look_for_losses()
        with progress.step(f"verify backup {backup_id}"):
            self._manifest = verify_files(target.storage, backup_id)
        left = self._clear_leftovers()
        entry = self._journal.begin(
            self._named, side=self._names.side, aside=self._names.aside, **self._identity()
        )
        folder = work_folder(target, f"restore-{backup_id}-{time.time_ns()}")
        try:
            with progress.step(f"open backup {backup_id}"):
                source = open_manifest(target, self._manifest, folder, SOURCE_VARIABLES)
        except BaseException as error:
            self._journal.record(entry, "failed", error=str(error), note="nothing was changed")
            raise
        try:
            result, scope = self._put_back(source, entry, left)
        except (DbsyncError, pymysql.err.MySQLError, OSError) as error:
            self._journal.record(entry, "restore_incomplete", error=str(error))
            if _is_plain(error):
                raise
            raise incomplete(target, self._names, error, self._command()) from error
        finally:
            source.discard()
        aside = self._conclude(entry, result)
        return RestoreResult(
            backup_id,
            target.database,
            result.tables,
            sum(digest.rows for digest in result.digests.values()),
            aside,
            result.carrier,
            time.monotonic() - self._begun,
            self._losses.lost if self._losses else {},
            (*scope.notes, *result.notes, *self._said(result, aside)),
        )

    # --- inside -------------------------------------------------------------------------

    def _identity(self) -> dict[str, Any]:
        """In what a restore that goes on must be like the one before."""
        return {
            "backup_id": self._manifest.id,
            "server_uuid": self._uuid(),
            "wanted_tables": list(self._tables) if self._tables else [],
            "into": self._wish.into,
        }

    def _uuid(self) -> str:
        with connect(self._target.endpoint) as connection:
            return str(value(connection, "SELECT @@server_uuid"))

    def _command(self) -> str:
        return command(self._manifest.id, self._tables, self._wish.into)

    def _look_for_losses(self) -> Losses:
        target, manifest = self._target, self._manifest
        elsewhere = ""
        if manifest.server_uuid != self._uuid() or manifest.database != target.database:
            elsewhere = "the backup is of another database"
        losses = Losses(
            target,
            manifest,
            get_mysql(target.tools, target.mysqld),
            [Journal(target.storage), self._journal],
            self._names.aside,
            tables=self._tables,
            accepts=self._wish.accept_loss,
            command=self._command(),
            elsewhere=elsewhere,
        )
        with progress.step("count what was written since the backup"):
            losses.look()
        return losses

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

    def _put_back(
        self, source: PrivateServer, entry: str, left: LeftBehind | None
    ) -> tuple[PutBackResult, Scope]:
        target, manifest = self._target, self._manifest
        backup = read_old_state(source, manifest.database, from_dump=manifest.engine != "clone")
        require_complete(source, backup, manifest.tables)
        with connect(target.endpoint) as connection:
            present = table_names(connection, target.database)
            if self._wish.into:
                scope = tables_apart(backup, self._tables)
            elif self._tables:
                scope = named_tables(source, backup, connection, target.database, self._tables)
            else:
                scope = Scope(backup, tuple(sorted({*present, *backup.tables})), None)
        losses = self._losses
        result = put_back(
            target,
            source,
            scope.old,
            scope.tables,
            names=self._names,
            record=lambda step, **facts: self._journal.record(entry, "restoring", step=step, **facts),
            proven=manifest.tables,
            before_swap=losses.last_look if losses else lambda _: None,
            how=How(
                by_files=target.restore_way == "auto",
                left=left,
                views=scope.views,
                accept_missing_definers=self._wish.accept_missing_definers,
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
        if aside:
            notes.append(f"what was replaced is kept in database `{aside}` until: dbsync restore finish")
        return notes


def _is_plain(error: BaseException) -> bool:
    """Errors that say by themselves that nothing was changed, and what to do."""
    return isinstance(error, (RestoreRefusedError, MissingDefinerError, DiskFullError))
