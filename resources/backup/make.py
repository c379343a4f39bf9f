"""A full backup: made, stored, proven, listed. All or nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

from resources import progress
from resources.backup.by_clone import make_by_clone
from resources.backup.by_dump import make_by_dump
from resources.backup.engine import Choice, CloneImpossibleError, choose_engine, instead_of_clone
from resources.backup.job import Job
from resources.backup.made import Made, MadeBackup
from resources.backup.manifest import Manifest
from resources.backup.proof import utc_text
from resources.backup.retention import prune_after
from resources.backup.source import read_source
from resources.backup.storage import partial, publish, remove_partials
from resources.backup.storage_io import REAL, StorageIo
from resources.backup.work_folder import remove_abandoned, work_folder
from resources.mysql.connection import connect
from resources.mysql.get import get_mysql
from resources.target import Target

__all__ = ["MadeBackup", "make_full_backup"]


def make_full_backup(target: Target, *, keep_server: bool = False, io: StorageIo = REAL) -> MadeBackup:
    """Make, store, prove and list a full backup of the target; then remove old ones.

    `keep_server`: the private copy that proved it, which holds the state of that moment,
    stays running for the caller to `close`. An error leaves nothing behind and nothing
    listed. Raises BackupFailedError, DiskFullError, MysqlNotFoundError, ConnectError.
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
            job = Job(target, source, installation, folder, work, io)
            made, choice = _make(job, choice)
            manifest = _manifest(job, backup_id, began_at, choice, made)
            publish(folder, manifest, io)
            result = MadeBackup(manifest, made.server, work)
        except BaseException:
            if made is not None:
                made.server.kill()
            shutil.rmtree(work, ignore_errors=True)
            raise
    if not keep_server:
        result.close()
    prune_after(target, manifest)
    return result


def _make(job: Job, choice: Choice) -> tuple[Made, Choice]:
    """By the chosen engine, or by mysqldump when a clone turns out to be impossible."""
    progress.say(f"backup by {choice.engine}: {choice.reason}")
    if choice.engine == "clone":
        try:
            return make_by_clone(job), choice
        except CloneImpossibleError as error:
            choice = instead_of_clone(job.target, job.source, job.installation, error)
            progress.say(f"backup by {choice.engine}: {choice.reason}")
            shutil.rmtree(job.copy, ignore_errors=True)
    return make_by_dump(job), choice


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
