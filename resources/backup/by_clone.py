"""A backup by CLONE: copied, stored, started and read, the last three at once where that is safe."""

from __future__ import annotations

import contextvars
import shutil
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from pathlib import Path

from resources import progress
from resources.backup import archive
from resources.backup.early import LARGE, Stamp, stamp_of
from resources.backup.job import Job
from resources.backup.lanes import LANES
from resources.backup.made import Made
from resources.backup.manifest import StoredFile
from resources.backup.private_copy import copy_server, files_to_keep, is_table_file
from resources.backup.proof import clone_position, read_contents, start_for_proof
from resources.backup.room import ARCHIVE_SHARE, SERVER_BYTES, require_room
from resources.backup.running_clone import RunningClone
from resources.durable_file import disk_full
from resources.mysql.server import PrivateServer
from resources.mysql.server_variables import BARE

_ASIDE = 512 << 20
"""Bytes of small tables that are copied before the start; more would take as long as they save."""


def begin_clone(job: Job) -> RunningClone:
    """Raises DiskFullError where there would not be room for it."""
    size = job.source.instance_bytes + SERVER_BYTES
    require_room([(job.work, size), (job.backup, int(size * ARCHIVE_SHARE))])
    return RunningClone(job)


def make_by_clone(job: Job, clone: RunningClone) -> Made:
    """Raises CloneImpossibleError, DiskFullError, BackupFailedError.

    Large tables' files are stored while the clone still runs (`EarlyStore`) and while the
    started copy reads them. What a starting server writes to at once (dictionary, undo,
    redo) is set aside before it starts, and so are small tables. A file that it wrote to
    meanwhile, because the clone's redo log had a change for it, is stored again: see
    `_store_again`.
    """
    early, datadir = clone.wait(), clone.datadir
    names, folders = files_to_keep(datadir)
    stamps = {name: stamp_of(datadir / name) for name in names if is_table_file(name)}
    aside = sorted((set(names) - set(stamps)) | _small(stamps))
    beside = set(stamps) - set(aside)
    taken = early.taken({name: stamps[name] for name in beside})

    with job.timed("set aside"):
        still = _set_aside(datadir, aside, job.work / "still")

    def store() -> list[StoredFile]:
        """And bring to the disk, while the processors are busy with something else."""
        stored = early.finish(taken)
        stored += archive.pack(still, aside, job.backup, job.io, go=early.go)
        shutil.rmtree(still)
        stored += archive.pack(datadir, sorted(beside - taken), job.backup, job.io, go=early.go)
        archive.flush(job.backup, job.io)
        job.reached("stored at")
        return stored

    begun = time.monotonic()
    server = copy_server(job.installation, job.copy, job.source.settings, **BARE)
    with ThreadPoolExecutor(1, thread_name_prefix="store") as pool:
        storing = pool.submit(contextvars.copy_context().run, store)
        try:
            with job.timed("start"), early.waiting() if job.proves else nullcontext():
                start_for_proof(server)
            job.reached("server up at")
            with job.timed("read"):
                file, position, gtids = clone_position(server)
                contents = read_contents(server, job.target.database, begun, with_rows=job.proves)
            job.reached("digested at")
            with job.timed("wait for archive"):
                files = storing.result()
            written = [name for name in sorted(beside) if stamp_of(datadir / name) != stamps[name]]
            if written:
                with job.timed("archive again"):
                    files = _store_again(job, server, files, [*aside, *written])
        except BaseException:
            server.kill()
            raise
    files.sort(key=lambda one: one.path)
    return Made(server, files, folders, contents, "cloned, stored and started", file, position, gtids)


def _small(stamps: Mapping[str, Stamp]) -> set[str]:
    """The smallest tables' files, within `_ASIDE` bytes: the ones written to last are mostly small."""
    found, total = set(), 0
    for name, (size, *_) in sorted(stamps.items(), key=lambda item: item[1]):
        total += size
        if size >= LARGE or total > _ASIDE:
            break
        found.add(name)
    return found


def _set_aside(datadir: Path, names: Sequence[str], folder: Path) -> Path:
    """A copy of these files as they are now. The start waits for it; compressing takes five times as long."""

    def copy(name: str) -> None:
        try:
            shutil.copyfile(datadir / name, folder / name)
        except OSError as error:
            raise disk_full(error, folder / name) from error

    for place in {(folder / name).parent for name in names}:
        place.mkdir(mode=0o700, parents=True, exist_ok=True)
    largest_first = sorted(names, key=lambda name: (datadir / name).stat().st_size, reverse=True)
    with ThreadPoolExecutor(LANES, thread_name_prefix="set aside") as pool:
        list(pool.map(copy, largest_first))  # not in nice lanes: there is no server to yield to yet
    return folder


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
        archive.discard(job.backup, name)
    fresh = archive.pack(datadir, again, job.backup, job.io)
    archive.flush(job.backup, job.io)
    start_for_proof(server)
    return [file for file in files if file.path not in replaced] + fresh
