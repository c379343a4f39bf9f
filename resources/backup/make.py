"""A full backup: made, stored, proven as far as was asked for, listed. All or nothing."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

from resources import progress
from resources.backup.by_clone import make_by_clone
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
from resources.backup.proof import no_proof, utc_text
from resources.backup.prove_archive import prove_archive
from resources.backup.retention import remove_old_backups
from resources.backup.source import read_source
from resources.backup.storage import partial, publish, remove_partials
from resources.backup.storage_io import REAL, StorageIo
from resources.backup.work_folder import remove_abandoned, work_folder
from resources.errors import BackupCorruptError, BackupFailedError
from resources.journal import Journal
from resources.mysql.connection import connect
from resources.mysql.get import get_mysql
from resources.target import Target

__all__ = ["MadeBackup", "make_full_backup"]


def make_full_backup(
    target: Target, *, keep_server: bool = False, proof: str = "clone", io: StorageIo = REAL
) -> MadeBackup:
    """Make, store, prove and list a full backup of the target; then remove old ones.

    `proof`: of what it was made from (clone), of the stored files (archive), or none; a dump
    is always proven by its stored files, or not at all. `keep_server`: the private copy that
    proved it, which holds the state of that moment, stays running for the caller to `close`.
    An error leaves nothing behind and nothing listed. Raises BackupFailedError,
    DiskFullError, MysqlNotFoundError, ConnectError.
    """
    removed = remove_partials(target.storage)
    remove_abandoned(target)
    installation = get_mysql(target.tools, target.mysqld)
    began_at = utc_text()
    with connect(target.endpoint) as connection:
        source = read_source(connection, target.database)
        choice = choose_engine(target, source, installation, connection)
    with partial(target.storage, removed=removed) as (backup_id, folder):
        work = work_folder(target, backup_id)
        made: Made | None = None
        try:
            job = Job(target, source, installation, folder, work, io, proof)
            made, choice = _make(job, choice)
            manifest = _manifest(job, backup_id, began_at, choice, made)
            if proof == "archive" and choice.engine == "clone":
                manifest = _prove_archive(job, manifest, made, keep_server)
            publish(folder, manifest, io)
            result = MadeBackup(manifest, made.server, work)
        except BaseException:
            if made is not None and made.server is not None:
                made.server.kill()
            shutil.rmtree(work, ignore_errors=True)
            raise
    if not keep_server:
        result.close()
    remove_old_backups(
        target.storage,
        target.keep_backups,
        server_uuid=source.server_uuid,
        database=target.database,
        owed={str(entry.facts.get("backup_id")) for entry in Journal(target.storage).unfinished(target.name)},
    )
    return result


def _make(job: Job, choice: Choice) -> tuple[Made, Choice]:
    """By the chosen engine, or by the next one when it turns out to be impossible."""
    progress.say(f"backup by {choice.engine}: {choice.reason}")
    if choice.engine == "clone":
        try:
            return make_by_clone(job), choice
        except CloneImpossibleError as error:
            choice = _next(job, instead_of_clone(job.target, job.source, job.installation, error))
    if choice.engine == "mydumper":
        try:
            return make_by_dump(job, choice.tool), choice
        except BackupFailedError as error:
            if job.target.backup_engine == "mydumper":
                raise
            choice = _next(job, instead_of_mydumper(choice, error))
    return make_by_dump(job), choice


def _next(job: Job, choice: Choice) -> Choice:
    progress.say(f"backup by {choice.engine}: {choice.reason}")
    shutil.rmtree(job.copy, ignore_errors=True)
    return choice


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
        file_path=str(Path(job.target.storage) / backup_id),
    )
