"""A backup by mysqldump, proven by loading it and comparing with the source around the dump."""

from __future__ import annotations

import time

from resources import progress
from resources.backup import archive
from resources.backup.age_keys import require_own_key
from resources.backup.archive import MismatchError
from resources.backup.dump_proof import State, compare_loaded, moved_tables, read_state
from resources.backup.job import Job
from resources.backup.made import Made
from resources.backup.mysqldump import DUMP, Dump, TableChangedError, dump, load
from resources.backup.private_copy import empty_server
from resources.backup.proof import read_contents
from resources.backup.room import ARCHIVE_SHARE, SERVER_BYTES, require_room
from resources.errors import BackupFailedError
from resources.mysql.installation import parse_version

_ATTEMPTS = 3
"""Of dumps between two equal looks at the source; a busy one never holds still."""
_PATIENCE = 120.0
"""Seconds after which no further attempt begins."""


def make_by_dump(job: Job) -> Made:
    """Raises BackupFailedError, DiskFullError, BackupKeyError."""
    require_own_key(job.target)
    size = job.source.database_bytes
    require_room([(job.work, 2 * size + SERVER_BYTES), (job.backup, int(size * ARCHIVE_SHARE))])
    before, dumped, after = _dump_at_rest(job)
    with job.timed("flush"):
        archive.flush(job.backup, job.io)
    begun = time.monotonic()
    server = empty_server(job.installation, job.copy, job.source.settings)
    try:
        with job.timed("start"):
            server.start()
        database, charset = job.target.database, (job.source.charset, job.source.collation)
        with job.timed("load"):
            identity = job.target.age_identity
            load(server, job.backup, dumped.file, database, *charset, after.schema, identity)
        with job.timed("read"):
            contents = read_contents(server, database, begun)
        same_series = parse_version(job.source.version)[:2] == job.installation.version_tuple[:2]
        notes = compare_loaded(job.target.endpoint, database, before, after, contents, same_series)
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
        how += f" ({len(notes)} notes)"
    return Made(
        server,
        [dumped.file],
        [],
        contents,
        how,
        dumped.binlog_file,
        dumped.binlog_position,
        notes=notes,
    )


def _dump_at_rest(job: Job) -> tuple[State, Dump, State]:
    """A dump, and the source before and after it; equal ones if that can be had."""
    begun = time.monotonic()
    before = _look(job)
    attempt = 0
    while True:
        attempt += 1
        dumped = _dump(job)
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


def _dump(job: Job) -> Dump:
    """One dump; one more where a table was altered meanwhile."""
    try:
        return _dump_once(job)
    except TableChangedError as error:
        progress.say(f"{error.what}; trying once more")
        return _dump_once(job)


def _dump_once(job: Job) -> Dump:
    archive.discard(job.backup, DUMP)
    target = job.target
    with job.timed("dump"):
        return dump(
            job.backup, job.work, target.endpoint, target.database, job.source, job.installation, job.io
        )
