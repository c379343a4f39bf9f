"""A full backup: made, stored, proven as far as was asked for, listed. All or nothing."""

from __future__ import annotations

import shutil
import time
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from resources import progress
from resources.backup.by_clone import begin_clone, make_by_clone
from resources.backup.by_dump import make_by_dump
from resources.backup.engine import (
    Choice,
    CloneImpossibleError,
    choose_engine,
    instead_of_clone,
    instead_of_mydumper,
)
from resources.backup.job import Job
from resources.backup.made import Made, MadeBackup
from resources.backup.manifest import Manifest
from resources.backup.owed import owed_backups
from resources.backup.proof import no_proof, utc_text
from resources.backup.prove_archive import prove_archive
from resources.backup.retention import prune_after
from resources.backup.running_clone import RunningClone
from resources.backup.source import read_source
from resources.backup.storage import partial, publish, remove_partials
from resources.backup.storage_io import REAL, StorageIo
from resources.backup.work_folder import remove_abandoned, work_folder
from resources.errors import BackupCorruptError, BackupFailedError
from resources.mysql.connection import connect
from resources.mysql.get import get_mysql
from resources.target import Target

__all__ = ["FullBackup", "MadeBackup", "make_full_backup", "store_remotely"]


def make_full_backup(
    target: Target, *, keep_server: bool = False, proof: str = "clone", io: StorageIo = REAL
) -> MadeBackup:
    """Make, store, prove and list a full backup of the target; then remove old ones.

    `proof`: of what it was made from (clone), of the stored files (archive), or none; a dump
    is always proven by its stored files, or not at all. `keep_server`: the private copy that
    proved it, which holds the state of that moment, stays running for the caller to `close`.
    An error leaves nothing behind and nothing listed. Raises BackupFailedError,
    DiskFullError, MysqlNotFoundError, ConnectError; PrivilegeError where a dump would be blind
    to some of the database.
    """
    made = FullBackup(target, io=io).finish(keep_server=keep_server, proof=proof)
    if not keep_server:
        made.close()
    return made


class FullBackup:
    """A full backup under way: begun at once, so that a clone goes on while the caller does something else.

    Whoever begins it calls `finish` or `abandon`. Raises as `make_full_backup`.
    """

    def __init__(self, target: Target, *, io: StorageIo = REAL) -> None:
        self._target, self._begun = target, time.monotonic()
        io = replace(io, recipients=target.age_recipients)
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

    def finish(self, *, keep_server: bool = False, proof: str = "clone") -> MadeBackup:
        """Prove, store and list it; then remove old ones. Where there is a bucket, see `store_remotely`.

        The caller closes what is returned, also without `keep_server`.
        """
        job = self._job
        job.proof = proof
        with self._ending:
            made = self._make()
            self._on_failure.callback(_end, made)
            manifest = _manifest(job, self._id, self._began_at, self._choice, made)
            if proof == "archive" and manifest.engine == "clone":
                manifest = _prove_archive(job, manifest, made, keep_server)
            publish(job.backup, manifest, job.io)
            self._on_failure.pop_all()
            result = MadeBackup(manifest, made.server, job.work)
        if not keep_server:
            result.let_go()
        if self._target.remote is None:
            prune_after(self._target, manifest)
        self.seconds = time.monotonic() - self._begun
        return result

    def abandon(self) -> None:
        """End it; nothing of it stays. May be called after `finish`, and twice."""
        self._ending.close()

    def _make(self) -> Made:
        """By the chosen engine, or by the next one when it turns out to be impossible."""
        job = self._job
        if self._clone is not None:
            try:
                return make_by_clone(job, self._clone)
            except CloneImpossibleError as error:
                self._next(instead_of_clone(job.target, job.source, job.installation, error))
        if self._choice.engine == "mydumper":
            try:
                return make_by_dump(job, self._choice.tool)
            except BackupFailedError as error:
                if job.target.backup_engine == "mydumper":
                    raise
                self._next(instead_of_mydumper(self._choice, error))
        return make_by_dump(job)

    def _next(self, choice: Choice) -> None:
        self._choice = choice
        progress.say(f"backup by {choice.engine}: {choice.reason}")
        shutil.rmtree(self._job.copy, ignore_errors=True)


def _end(made: Made) -> None:
    if made.server is not None:
        made.server.kill()


def store_remotely(target: Target, made: Manifest) -> None:
    """Bring `made`, and what else is only here, into the bucket; only then remove old ones, here and there.

    Without a bucket nothing happens. It may take long, so the deployment lock should not be
    held. Raises RemoteStorageError, after which every local backup is still there and usable.
    """
    if target.remote is not None:
        from resources.backup.remote.keep import upload_backups

        upload_backups(target, owed=owed_backups(target.storage))
        prune_after(target, made)


def _prove_archive(job: Job, manifest: Manifest, made: Made, keep_server: bool) -> Manifest:
    """With the archive's own proof. Raises BackupFailedError: what does not restore is no backup."""
    if not keep_server and made.server is not None:
        made.server.discard()  # room for the copy that comes out of the archive
        made.server = None
    stored = replace(manifest, file_path=str(job.backup))
    try:
        with job.timed("prove the archive"):
            proof = prove_archive(job.target, stored, job.work / "archive")
    except BackupCorruptError as error:
        raise BackupFailedError(
            "the stored archive does not restore to what was backed up, so it is no backup",
            where=error.where,
            why=error.why,
            hint="check the disk of BACKUP_STORAGE_PATH, then: dbsync backup",
        ) from error
    finally:
        shutil.rmtree(job.work / "archive", ignore_errors=True)
    return replace(manifest, proof=proof, timings=dict(job.timings))


def _manifest(job: Job, backup_id: str, began_at: str, choice: Choice, made: Made) -> Manifest:
    contents, source = made.contents, job.source
    proof = no_proof()
    if job.proves:
        assert made.server
        of = "clone" if choice.engine == "clone" else "archive"
        restored = job.timings.get("start", 0.0) + job.timings.get("load", 0.0)
        proof = contents.proof(made.server, made.how, of, restored)
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
        proof=proof,
        database_charset=(source.charset, source.collation),
        notes=tuple(made.notes),
        timings=dict(job.timings),
        encryption="age" if job.io.recipients else "",
        file_path=str(Path(job.target.storage) / backup_id),
    )
