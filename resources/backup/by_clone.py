"""A backup by CLONE: copied, stored, started and read, the last three at once where that is safe."""

from __future__ import annotations

import contextvars
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from resources import progress
from resources.backup import archive
from resources.backup.clone import clone_into
from resources.backup.early import LARGE, EarlyStore, stamp_of
from resources.backup.job import Job
from resources.backup.made import Made
from resources.backup.manifest import StoredFile
from resources.backup.private_copy import copy_server, files_to_keep, is_table_file
from resources.backup.proof import clone_position, read_contents, start_for_proof
from resources.backup.room import ARCHIVE_SHARE, SERVER_BYTES, require_room
from resources.mysql.server import PrivateServer

# clone_status, where the position is, is a table of performance_schema; its instruments would
# cost a fifth of the reading time.
_START = {"performance_schema": "ON", "performance_schema_instrument": "%=OFF"}


def make_by_clone(job: Job) -> Made:
    """Raises CloneImpossibleError, DiskFullError, BackupFailedError.

    Large tables' files are stored while the clone still runs (`EarlyStore`) and while the
    started copy reads them. What a starting server writes to at once (dictionary, undo,
    redo) is stored before it starts, and so are small tables. A file that it wrote to
    meanwhile, because the clone's redo log had a change for it, is stored again: see
    `_store_again`.
    """
    size = job.source.instance_bytes + SERVER_BYTES
    require_room([(job.work, size), (job.backup, int(size * ARCHIVE_SHARE))])
    job.copy.mkdir(mode=0o700)
    datadir = job.copy / "data"
    with job.timed("clone"), EarlyStore(datadir, job.backup, job.io) as early:
        clone_into(datadir, job.work / "recipient", job.target.endpoint, job.source, job.installation)
        datadir.chmod(0o700)
    names, folders = files_to_keep(datadir)
    stamps = {name: stamp_of(datadir / name) for name in names if is_table_file(name)}
    large = [name for name, stamp in stamps.items() if stamp[0] >= LARGE]
    others = sorted(set(names) - set(large))
    taken = early.taken(stamps)

    def store() -> list[StoredFile]:
        """And bring to the disk, while the processors are busy with something else."""
        stored = early.finish(taken)
        stored += archive.pack(datadir, sorted(set(large) - taken), job.backup, job.io)
        archive.flush(job.backup, job.io)
        return stored

    with job.timed("archive"):
        files = archive.pack(datadir, others, job.backup, job.io)
    begun = time.monotonic()
    server = copy_server(job.installation, job.copy, job.source.settings, **_START)
    with ThreadPoolExecutor(1, thread_name_prefix="store") as pool:
        storing = pool.submit(contextvars.copy_context().run, store)
        try:
            with job.timed("start"):
                start_for_proof(server)
            with job.timed("read"):
                file, position, gtids = clone_position(server)
                contents = read_contents(server, job.target.database, begun, with_rows=job.proves)
            with job.timed("wait for archive"):
                files += storing.result()
            written = [name for name in large if stamp_of(datadir / name) != stamps[name]]
            if written:
                with job.timed("archive again"):
                    files = _store_again(job, server, files, [*others, *written])
        except BaseException:
            server.kill()
            raise
    files.sort(key=lambda one: one.path)
    return Made(server, files, folders, contents, "cloned, stored and started", file, position, gtids)


def _store_again(
    job: Job, server: PrivateServer, files: Sequence[StoredFile], names: Sequence[str]
) -> list[StoredFile]:
    """Stop the copy in order, store what it has written to, and start it again.

    The files it did not write to are the same before and after, so together with these
    they are the whole of the stopped server. Nobody but the proof uses it: its rows are
    those that were read.
    """
    progress.say(f"{len(names)} files changed when the copy started; storing them once more")
    server.stop()
    datadir = job.copy / "data"
    present, _ = files_to_keep(datadir)
    again = sorted(set(names) & set(present) | (set(present) - {file.path for file in files}))
    replaced = {*names, *again}
    for name in replaced:
        archive.stored_path(job.backup, name).unlink(missing_ok=True)
    fresh = archive.pack(datadir, again, job.backup, job.io)
    archive.flush(job.backup, job.io)
    start_for_proof(server)
    return [file for file in files if file.path not in replaced] + fresh
