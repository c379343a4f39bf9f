"""A logical backup, proven by loading it and comparing with the source around the dump."""

from __future__ import annotations

import shutil
import time

from resources import progress
from resources.backup import archive
from resources.backup.age_keys import require_own_key
from resources.backup.archive import MismatchError
from resources.backup.dump import Dump, TableChangedError
from resources.backup.dump_proof import State, compare_loaded, moved_tables, read_state
from resources.backup.job import Job
from resources.backup.load_database import DumpedDatabase
from resources.backup.logical import dump, load
from resources.backup.lossy import in_words, lossy_columns, what_is_lost
from resources.backup.made import Made
from resources.backup.manifest import FILES
from resources.backup.mydumper_tool import MydumperTool
from resources.backup.private_copy import empty_server
from resources.backup.proof import Contents, read_contents, unread_contents
from resources.backup.room import ARCHIVE_SHARE, SERVER_BYTES, require_room
from resources.doctor.privileges import missing_for_dump, refuse_missing
from resources.errors import BackupFailedError
from resources.mysql.connection import connect
from resources.mysql.installation import parse_version
from resources.mysql.server import PrivateServer

_ATTEMPTS = 3
"""Of dumps between two equal looks at the source; a busy one never holds still."""
_PATIENCE = 120.0
"""Seconds after which no further attempt begins."""


def make_by_dump(job: Job, tool: MydumperTool | None = None) -> Made:
    """By mydumper where a `tool` is given, else by mysqldump.

    Raises BackupFailedError, DiskFullError, BackupKeyError, PrivilegeError.
    """
    _require_sight(job)
    if job.proves:
        require_own_key(
            job.target,
            "a dump is proven by loading what was stored",
            "a clone needs no key, as it is proven before it is encrypted",
        )
    size = job.source.database_bytes
    if not job.proves:
        return _unproven(job, tool)
    # mydumper's plain files lie beside the server that they are loaded into.
    copies = 3 if tool else 2
    require_room([(job.work, copies * size + SERVER_BYTES), (job.backup, int(size * ARCHIVE_SHARE))])
    before, dumped, after = _dump_at_rest(job, tool)
    with job.timed("flush"):
        archive.flush(job.backup, job.io)
    engine = "mydumper" if tool else "mysqldump"
    begun = time.monotonic()
    server = empty_server(job.installation, job.copy, job.source.settings)
    try:
        with job.timed("start"):
            server.start()
        database, source = job.target.database, job.source
        empty = DumpedDatabase(database, source.charset, source.collation, after.schema)
        with job.timed("load"):
            load(engine, job.target, server, job.backup, dumped.files, empty)
        with job.timed("read"):
            contents = read_contents(server, database, begun)
        same_series = parse_version(job.source.version)[:2] == job.installation.version_tuple[:2]
        notes = compare_loaded(
            job.target.endpoint,
            database,
            before,
            after,
            contents,
            same_series,
            engine,
            copy=server.endpoint,
            accepted=job.target.accept_lossy,
        )
    except MismatchError as error:
        server.kill()
        raise BackupFailedError(
            "the stored dump cannot be read back", where=str(job.backup), why=str(error), hint="dbsync backup"
        ) from error
    except BaseException:
        server.kill()
        raise
    for note in notes:
        progress.say(note)
    how = "dumped, stored, loaded and compared with the source"
    if notes:
        how += f" ({len(notes)} note{'s' if len(notes) > 1 else ''})"
    return _made(server, dumped, contents, how, notes)


def _require_sight(job: Job) -> None:
    """One account reads the source and dumps it: what is hidden from it no comparison would miss."""
    with connect(job.target.endpoint) as connection:
        refuse_missing(job.target.endpoint, missing_for_dump(connection, job.target.database))


def _unproven(job: Job, tool: MydumperTool | None) -> Made:
    """Stored and nothing more: BACKUP_PROOF=none."""
    require_room(
        [
            (job.work, job.source.database_bytes if tool else 0),
            (job.backup, int(job.source.database_bytes * ARCHIVE_SHARE)),
        ]
    )
    with connect(job.target.endpoint, job.target.database) as connection:
        contents = unread_contents(connection, job.target.database)
    dumped = _dump(job, tool)
    with job.timed("flush"):
        archive.flush(job.backup, job.io)
    engine = "mydumper" if tool else "mysqldump"
    lossy = lossy_columns(job.target.endpoint, job.target.database, engine, read_rows=False)
    notes = [
        f"`{name}`: not compared; {what_is_lost(engine, columns.values())}: {in_words(columns)}"
        for name, columns in lossy.items()
    ]
    return _made(None, dumped, contents, "dumped and stored", notes)


def _made(server: PrivateServer | None, dumped: Dump, contents: Contents, how: str, notes: list[str]) -> Made:
    position = (dumped.binlog_file, dumped.binlog_position, dumped.gtid_executed)
    return Made(server, list(dumped.files), [], contents, how, *position, notes=notes)


def _dump_at_rest(job: Job, tool: MydumperTool | None) -> tuple[State, Dump, State]:
    """A dump, and the source before and after it; equal ones if that can be had."""
    begun = time.monotonic()
    before = _look(job)
    attempt = 0
    while True:
        attempt += 1
        dumped = _dump(job, tool)
        after = _look(job)
        moved = moved_tables(before, after)
        still = not moved and before.schema.digest == after.schema.digest
        if still or attempt == _ATTEMPTS or time.monotonic() - begun > _PATIENCE:
            return before, dumped, after
        progress.say(f"written during the dump: {', '.join(moved[:5]) or 'the schema'}; dumping once more")
        before = after


def _look(job: Job) -> State:
    with job.timed("source"):
        return read_state(job.target.endpoint, job.target.database)


def _dump(job: Job, tool: MydumperTool | None) -> Dump:
    """One dump; one more where a table was altered meanwhile."""
    try:
        return _dump_once(job, tool)
    except TableChangedError as error:
        progress.say(f"{error.what}; trying once more")
        return _dump_once(job, tool)


def _dump_once(job: Job, tool: MydumperTool | None) -> Dump:
    shutil.rmtree(job.backup / FILES, ignore_errors=True)
    with job.timed("dump"):
        return dump(job, tool)
