"""The mydumper engine: one database as many files, stored like any other, and back by myloader."""

from __future__ import annotations

import contextlib
import re
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from resources import progress
from resources.backup import archive
from resources.backup.dump import Dump, end_of, refuse_changed_table
from resources.backup.manifest import StoredFile
from resources.backup.mydumper_tls import login_file, tls_options
from resources.backup.mydumper_tool import MydumperTool
from resources.backup.mydumper_watch import Watch, newest_connection
from resources.backup.storage_io import REAL, StorageIo
from resources.child_environment import mysql_environment
from resources.errors import BackupFailedError
from resources.mysql.connection import option_file
from resources.mysql.endpoint import Endpoint
from resources.mysql.server import PrivateServer

FOLDER = "mydumper"
"""In the stored backup: every path begins with it."""
_THREADS = 2
CHUNK_ROWS = 500_000
_FILE = re.compile(r"(?:^|[\s#])(?:Log|File|(?:SOURCE|MASTER)_LOG_FILE)\s*[:=]\s*\"?([^\"\s]+)")
_POSITION = re.compile(r"(?:^|[\s#])(?:Pos|Position|(?:SOURCE|MASTER)_LOG_POS)\s*[:=]\s*\"?(\d+)")
_GTIDS = re.compile(r"(?i)(?:^|[\s#])(?:GTID|Executed_Gtid_Set)\s*[:=]\s*\"?([0-9a-f:,\- ]*)")


def dump(
    backup: Path,
    scratch: Path,
    endpoint: Endpoint,
    database: str,
    expected_bytes: int,
    tool: MydumperTool,
    io: StorageIo = REAL,
) -> Dump:
    """Store `database` as `files/mydumper/*.zst` below `backup`; `scratch` holds the plain files meanwhile.

    It is whole only if mydumper ended with 0 *and* gave its metadata file its name.
    Raises BackupFailedError, TableChangedError, DiskFullError.
    """
    place = scratch / FOLDER
    try:
        dump_plain(place, endpoint, database, tool, expected_bytes=expected_bytes)
        said = (place / "metadata").read_text(encoding="utf-8", errors="replace")
        names = sorted(f"{FOLDER}/{path.name}" for path in place.iterdir())
        files = archive.pack(scratch, names, backup, io)
    finally:
        shutil.rmtree(place, ignore_errors=True)
    return Dump(tuple(files), *position(said))


def dump_plain(
    place: Path,
    endpoint: Endpoint,
    database: str,
    tool: MydumperTool,
    *,
    expected_bytes: int = 0,
    chunk_rows: int = CHUNK_ROWS,
) -> None:
    """mydumper's own files in `place`, which must not exist. Raises as `dump` does."""
    with login_file(endpoint, place.parent) as login, tempfile.TemporaryFile(dir=place.parent) as errors:
        command = [
            str(tool.dumper),
            f"--defaults-file={login}",
            f"--database={database}",
            f"--outputdir={place}",
            f"--threads={_THREADS}",
            f"--rows={chunk_rows}",
            "--routines",
            "--triggers",
            "--events",
            *tls_options(tool, endpoint),
            *(f"--{name}" for name in ("complete-insert", "hex-blob") if tool.understands(name)),
        ]
        with progress.step("dump", total=expected_bytes or None, unit="bytes") as step:
            before = newest_connection(endpoint)
            process = _start(command, errors)
            try:
                watch = Watch(process, "mydumper", endpoint, before)
                why = watch.until_end(lambda: _size(place), step.advance)
            finally:
                _end(process)
        said = end_of(errors)
    refuse_changed_table(said, endpoint)
    whole = (place / "metadata").is_file()
    if process.returncode != 0 or not whole or why:
        what = why or (
            _ended("mydumper", process.returncode)
            if process.returncode
            else "mydumper stopped before the end of its dump"
        )
        raise BackupFailedError(
            what,
            where=str(endpoint),
            why=said or ("" if whole else "it did not complete its metadata file"),
            hint="BACKUP_ENGINE=mysqldump dbsync backup",
        )


def load(
    server: PrivateServer,
    backup: Path,
    files: Sequence[StoredFile],
    database: str,
    tool: MydumperTool,
    identity: Path | None = None,
) -> None:
    """Load a stored dump into `database`, which is there and empty, of a running server.

    Raises BackupFailedError, MismatchError, DiskFullError.
    """
    place = server.folder / "dump"
    try:
        archive.unpack(backup, files, [], place, identity=identity)
        with progress.step("load the dump"):
            load_plain(place / FOLDER, server.endpoint, database, tool)
    finally:
        shutil.rmtree(place, ignore_errors=True)


def load_plain(place: Path, endpoint: Endpoint, database: str, tool: MydumperTool) -> None:
    """Load mydumper's own files into `database`, which is there and empty. Raises BackupFailedError."""
    with option_file(endpoint, place.parent) as login, tempfile.TemporaryFile(dir=place.parent) as errors:
        command = [
            str(tool.loader),
            f"--defaults-file={login}",
            f"--database={database}",
            f"--directory={place}",
            f"--threads={_THREADS}",
        ]
        before = newest_connection(endpoint)
        process = _start(command, errors)
        try:
            why = Watch(process, "myloader", endpoint, before).until_end_of_load()
        finally:
            _end(process)
        if process.returncode != 0 or why:
            raise BackupFailedError(
                f"the dump does not load: {why or _ended('myloader', process.returncode)}",
                where=str(place),
                why=end_of(errors),
                hint="BACKUP_ENGINE=mysqldump dbsync backup",
            )


def position(metadata: str) -> tuple[str, int, str]:
    """(binary log file, position, GTID set) in mydumper's metadata; ("", 0, "") where it has none."""
    own = re.split(r"SHOW (?:SLAVE|REPLICA) STATUS|\[replication", metadata)[0]
    file, place, gtids = _FILE.search(own), _POSITION.search(own), _GTIDS.search(own)
    if not file or not place:
        return "", 0, ""
    return file[1], int(place[1]), gtids[1].strip() if gtids else ""


def _start(command: Sequence[str], errors: object) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=errors,  # type: ignore[arg-type]
        env=mysql_environment(LC_ALL="C"),
        umask=0o077,
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        process.kill()
    process.wait()


def _size(place: Path) -> int:
    total = 0
    for path in place.glob("*"):
        with contextlib.suppress(FileNotFoundError):  # its metadata file is renamed at the end
            total += path.stat().st_size
    return total


def _ended(program: str, code: int) -> str:
    if code < 0:
        return f"{program} crashed ({signal.Signals(-code).name})"
    return f"{program} ended with {code}"
