"""A backup by CLONE: copied, stored as the copy lies still, then started and read."""

from __future__ import annotations

import contextvars
import time
from concurrent.futures import ThreadPoolExecutor

from resources.backup import archive
from resources.backup.clone import clone_into
from resources.backup.job import Job
from resources.backup.made import Made
from resources.backup.private_copy import copy_server, files_to_keep
from resources.backup.proof import clone_position, read_contents, start_for_proof
from resources.backup.room import ARCHIVE_SHARE, SERVER_BYTES, require_room


def make_by_clone(job: Job) -> Made:
    """Raises CloneImpossibleError, DiskFullError, BackupFailedError.

    Stored before the start: the bytes in the archive are exactly those that the server
    then starts from, and nothing has to be stopped in order again.
    """
    size = job.source.instance_bytes + SERVER_BYTES
    require_room([(job.work, size), (job.backup, int(size * ARCHIVE_SHARE))])
    job.copy.mkdir(mode=0o700)
    datadir = job.copy / "data"
    with job.timed("clone"):
        clone_into(datadir, job.work / "recipient", job.target.endpoint, job.source, job.installation)
        datadir.chmod(0o700)
    with job.timed("archive"):
        names, folders = files_to_keep(datadir)
        files = archive.pack(datadir, names, job.backup, job.io)
    begun = time.monotonic()
    # clone_status, where the position is, is a table of performance_schema.
    server = copy_server(job.installation, job.copy, job.source.settings, performance_schema="ON")
    with ThreadPoolExecutor(1, thread_name_prefix="flush") as pool:
        # The disk is busy with one, the processors with the other.
        flushed = pool.submit(contextvars.copy_context().run, archive.flush, job.backup, job.io)
        try:
            with job.timed("start"):
                start_for_proof(server)
            with job.timed("read"):
                file, position, gtids = clone_position(server)
                contents = read_contents(server, job.target.database, begun)
            with job.timed("flush"):
                flushed.result()
        except BaseException:
            server.kill()
            raise
    return Made(server, files, folders, contents, "cloned, stored and started", file, position, gtids)
