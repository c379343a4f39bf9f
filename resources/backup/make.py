"""A full backup: made, stored, proven, listed. All or nothing."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from pathlib import Path

from resources import progress
from resources.backup.by_clone import begin_clone, make_by_clone
from resources.backup.by_dump import make_by_dump
from resources.backup.engine import Choice, CloneImpossibleError, choose_engine, instead_of_clone
from resources.backup.job import Job
from resources.backup.made import Made, MadeBackup
from resources.backup.manifest import Manifest
from resources.backup.proof import utc_text
from resources.backup.retention import prune_after
from resources.backup.running_clone import RunningClone
from resources.backup.source import read_source
from resources.backup.storage import partial, publish, remove_partials
from resources.backup.storage_io import REAL, StorageIo
from resources.backup.work_folder import remove_abandoned, work_folder
from resources.mysql.connection import connect
from resources.mysql.get import get_mysql
from resources.target import Target

__all__ = ["FullBackup", "MadeBackup", "make_full_backup"]


def make_full_backup(target: Target, *, keep_server: bool = False, io: StorageIo = REAL) -> MadeBackup:
    """Make, store, prove and list a full backup of the target; then remove old ones.

    `keep_server`: the private copy that proved it, which holds the state of that moment,
    stays running for the caller to `close`. An error leaves nothing behind and nothing
    listed. Raises BackupFailedError, DiskFullError, MysqlNotFoundError, ConnectError.
    """
    return FullBackup(target, io=io).finish(keep_server=keep_server)


class FullBackup:
    """A full backup under way: begun at once, so that a clone goes on while the caller does something else.

    Whoever begins it calls `finish` or `abandon`. Raises as `make_full_backup`.
    """

    def __init__(self, target: Target, *, io: StorageIo = REAL) -> None:
        self._target, self._begun = target, time.monotonic()
        self.seconds = 0.0
        """From its beginning to its end, once it is finished."""
        removed = remove_partials(target.storage)
        remove_abandoned(target)
        installation = get_mysql(target.tools, target.mysqld)
        self._began_at = utc_text()
        with connect(target.endpoint) as connection:
            source = read_source(connection, target.database)
            self._choice = choose_engine(target, source, installation, connection)
        with ExitStack() as ending:
            self._id, folder = ending.enter_context(partial(target.storage, removed=removed))
            work = work_folder(target, self._id)
            self._on_failure = ending.enter_context(ExitStack())
            self._on_failure.callback(shutil.rmtree, work, ignore_errors=True)
            self._job = Job(target, source, installation, folder, work, io)
            progress.say(f"backup by {self._choice.engine}: {self._choice.reason}")
            self._clone: RunningClone | None = None
            if self._choice.engine == "clone":
                self._clone = begin_clone(self._job)
                self._on_failure.callback(self._clone.abandon)
            self._ending = ending.pop_all()

    def finish(self, *, keep_server: bool = False) -> MadeBackup:
        """Prove, store and list it; then remove old ones."""
        job = self._job
        with self._ending:
            made = self._make()
            self._on_failure.callback(made.server.kill)
            manifest = _manifest(job, self._id, self._began_at, self._choice, made)
            publish(job.backup, manifest, job.io)
            self._on_failure.pop_all()
            result = MadeBackup(manifest, made.server, job.work)
        if not keep_server:
            result.close()
        prune_after(self._target, manifest)
        self.seconds = time.monotonic() - self._begun
        return result

    def abandon(self) -> None:
        """End it; nothing of it stays. May be called after `finish`, and twice."""
        self._ending.close()

    def _make(self) -> Made:
        """By the chosen engine, or by mysqldump when a clone turns out to be impossible."""
        job = self._job
        if self._clone is not None:
            try:
                return make_by_clone(job, self._clone)
            except CloneImpossibleError as error:
                self._choice = instead_of_clone(job.target, job.source, job.installation, error)
                progress.say(f"backup by {self._choice.engine}: {self._choice.reason}")
                shutil.rmtree(job.copy, ignore_errors=True)
        return make_by_dump(job)


def _manifest(job: Job, backup_id: str, began_at: str, choice: Choice, made: Made) -> Manifest:
    contents, source = made.contents, job.source
    return Manifest(
        id=backup_id,
        timestamp=began_at,
        size=sum(file.stored_length for file in made.files),
        schema_version=contents.schema_version,
        engine=choice.engine,
        engine_reason=choice.reason,
        database=job.target.database,
        server_uuid=source.server_uuid,
        server_version=source.version,
        server_variables=dict(source.settings),
        gtid_executed=made.gtid_executed,
        binlog_file=made.binlog_file,
        binlog_position=made.binlog_position,
        files=tuple(made.files),
        folders=tuple(made.folders),
        tables=contents.tables,
        schema_digest=contents.schema.digest,
        schema=contents.schema,
        proof=contents.proof(made.server, made.how, "clone" if choice.engine == "clone" else "archive"),
        database_charset=(source.charset, source.collation),
        notes=tuple(made.notes),
        timings=dict(job.timings),
        file_path=str(Path(job.target.storage) / backup_id),
    )
