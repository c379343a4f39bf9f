"""An incremental backup: the binary logs since the backup before it, whole files, stored and read back.

Where the account has RELOAD the server's open file is ended first, so that every file is stored
whole and once. Without it the open file is stored up to where it was when the backup began, and
the next incremental backup stores it again.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial as partial_of
from pathlib import Path

from resources import progress
from resources.backup import archive
from resources.backup.age_keys import require_own_key
from resources.backup.archive import MismatchError
from resources.backup.incremental.chain import Chain, chain_to_continue, verify_last
from resources.backup.incremental.server_log import Ahead, look_ahead
from resources.backup.incremental.since import Contents
from resources.backup.incremental.stored import FOLDER, proof_of, read_stored
from resources.backup.manifest import BinlogSpan, Manifest, StoredFile
from resources.backup.proof import utc_text
from resources.backup.remote.listing import locate
from resources.backup.room import require_room
from resources.backup.source import Source, read_source
from resources.backup.storage import is_abandoned, partial, publish, remove_partials
from resources.backup.storage_io import REAL, StorageIo
from resources.backup.work_folder import remove_abandoned, servers_folder, work_folder
from resources.errors import BackupFailedError
from resources.mysql.binlog_event import utc_time
from resources.mysql.binlog_fetch import FetchError, end_fetch_into, fetch
from resources.mysql.binlog_file import BinlogDamagedError
from resources.mysql.connection import connect
from resources.mysql.get import get_mysql
from resources.mysql.schema import Schema
from resources.prisma.history import read_history, schema_version
from resources.target import Target


@dataclass
class _Job:
    target: Target
    source: Source
    chain: Chain
    ahead: Ahead
    schema_version: str
    began_at: str
    timings: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def timed(self, phase: str) -> Iterator[None]:
        begun = time.monotonic()
        yield
        self.timings[phase] = round(time.monotonic() - begun, 3)


def make_incremental_backup(target: Target, *, io: StorageIo = REAL) -> Manifest:
    """Store what changed since this database's newest backup, and list it.

    An error leaves nothing behind and nothing listed. Raises, each with the advice to take a
    full backup: ChainBrokenError (no backup to continue, an unproven or vanished one, purged or
    new binary logs, another server, no binary log), BackupCorruptError (a damaged parent).
    Raises BackupFailedError, PrivilegeError, DiskFullError, ConnectError; BackupKeyError where
    it would be stored encrypted and this machine could not read it back.
    """
    require_own_key(
        target,
        "an incremental backup is proven by reading back the binary logs that were stored",
        "a full backup by clone needs no key, as it is proven before it is encrypted",
    )
    io = replace(io, recipients=target.age_recipients)
    removed = remove_partials(target.storage)
    for folder in servers_folder(target).glob(f"*/{FOLDER}"):
        if is_abandoned(folder.parent):
            end_fetch_into(folder)
    remove_abandoned(target)
    began_at = utc_text()
    with connect(target.endpoint) as connection:
        source = read_source(connection, target.database)
        version = schema_version(read_history(connection, target.database) or [])
        chain = chain_to_continue(
            target.storage, target.database, source.server_uuid, partial_of(locate, target)
        )
        verify_last(target.storage, chain)
        ahead = look_ahead(connection, chain.last)
    for note in ahead.notes:
        progress.say(note)
    job = _Job(target, source, chain, ahead, version, began_at)
    with partial(target.storage, removed=removed, kind="incr") as (backup_id, folder):
        work = work_folder(target, backup_id)
        try:
            files = _fetch_and_store(job, work, folder, io)
        finally:
            shutil.rmtree(work, ignore_errors=True)
        with job.timed("read back"):
            contents = _read_back(job, folder, files)
        manifest = _manifest(job, backup_id, files, contents)
        publish(folder, manifest, io)
        return manifest


def _fetch_and_store(job: _Job, work: Path, folder: Path, io: StorageIo) -> list[StoredFile]:
    target, files = job.target, job.ahead.files
    size = sum(files.values())
    require_room([(work, size), (folder, size)])
    with job.timed("fetch"):
        try:
            fetch(target.endpoint, get_mysql(target.tools, target.mysqld), files, work / FOLDER)
        except FetchError as error:
            raise BackupFailedError(
                "the binary logs could not be fetched",
                where=str(target.endpoint),
                why=str(error),
                hint="dbsync doctor; then: dbsync backup --incremental",
            ) from error
    with job.timed("archive"):
        stored = archive.pack(work, [f"{FOLDER}/{name}" for name in files], folder, io)
        archive.flush(folder, io)
    return stored


def _read_back(job: _Job, folder: Path, files: list[StoredFile]) -> Contents:
    """Every event of what was stored; this is the proof of an incremental backup."""
    by_name = {Path(file.path).name: file for file in files}
    ordered = {name: by_name[name] for name in job.ahead.files}
    parent, what = job.chain.last, "the binary logs that came from the server are not whole"
    try:
        contents = read_stored(
            parent, folder, ordered, job.ahead.clock_ahead, identity=job.target.age_identity
        )
    except (BinlogDamagedError, MismatchError) as error:
        raise BackupFailedError(
            what, where=getattr(error, "file", "") or str(folder), why=str(error), hint="dbsync backup"
        ) from error
    job.ahead.require_complete(parent, contents)
    return contents


def _manifest(job: _Job, backup_id: str, files: list[StoredFile], contents: Contents) -> Manifest:
    parent, ahead = job.chain.last, job.ahead
    manifest = Manifest(
        id=backup_id,
        timestamp=job.began_at,
        size=sum(file.stored_length for file in files),
        schema_version=job.schema_version,
        engine="binlog",
        engine_reason=f"what changed since {parent.id}",
        database=job.target.database,
        server_uuid=job.source.server_uuid,
        server_version=job.source.version,
        server_variables=dict(job.source.settings),
        gtid_executed=str(contents.end_gtids),
        binlog_file=ahead.end_file,
        binlog_position=ahead.end_position,
        files=tuple(files),
        folders=(FOLDER,),
        tables={},
        schema_digest=Schema().digest,
        schema=Schema(),
        proof=parent.proof,
        database_charset=(job.source.charset, job.source.collation),
        type="incremental",
        encryption="age" if job.target.age_recipients else "",
        parent=parent.id,
        span=BinlogSpan(
            parent.binlog_file,
            parent.binlog_position,
            str(contents.start_gtids),
            ahead.end_file,
            ahead.end_position,
            str(contents.end_gtids),
            utc_time(contents.first) if contents.first else "",
            utc_time(contents.last) if contents.last else "",
        ),
        notes=ahead.notes,
        timings=dict(job.timings),
        file_path=str(Path(job.target.storage) / backup_id),
    )
    longer = Chain(job.chain.full, (*job.chain.increments, manifest))
    proof = proof_of(longer, contents.transactions, 1)
    return replace(manifest, proof=replace(proof, seconds=job.timings["read back"]))
