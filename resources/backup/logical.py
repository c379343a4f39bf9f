"""The logical engines behind one face: a dump that is stored, and its way back into a server."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from resources.backup import mydumper, mysqldump
from resources.backup.dump import Dump
from resources.backup.job import Job
from resources.backup.load_database import DumpedDatabase, make_database
from resources.backup.manifest import StoredFile
from resources.backup.mydumper_tool import MydumperTool, NoMydumperError, find_mydumper
from resources.errors import EnvironmentCheckError
from resources.mysql.server import PrivateServer
from resources.target import Target


def dump(job: Job, tool: MydumperTool | None) -> Dump:
    """By mydumper where a `tool` is given, else by mysqldump. Raises what the engines raise."""
    target, source = job.target, job.source
    if tool is not None:
        return mydumper.dump(
            job.backup, job.work, target.endpoint, target.database, source.database_bytes, tool, job.io
        )
    return mysqldump.dump(
        job.backup, job.work, target.endpoint, target.database, source, job.installation, job.io
    )


def load(
    engine: str,
    target: Target,
    server: PrivateServer,
    backup: Path,
    files: Sequence[StoredFile],
    database: DumpedDatabase,
) -> None:
    """Load a stored dump into an empty, running server.

    Raises BackupFailedError, MismatchError; EnvironmentCheckError where the program is missing.
    """
    if engine != "mydumper":
        make_database(server, database)
        mysqldump.load(server, backup, files[0], database.name, target.age_identity)
        return
    try:
        tool = find_mydumper(target)
    except NoMydumperError as error:
        raise EnvironmentCheckError(
            "the backup was made by mydumper, and loading it takes its myloader",
            where=str(backup),
            why=str(error),
            hint="install mydumper, or set MYDUMPER to one; myloader lies beside it",
        ) from error
    make_database(server, database)
    mydumper.load(server, backup, files, database.name, tool, target.age_identity)
