"""Binary log files of a server, as they are, over the replication protocol."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pymysql

from resources import progress
from resources.child_environment import mysql_environment
from resources.durable_file import disk_full
from resources.errors import ConnectTimeoutError, DbsyncError, DiskFullError, PrivilegeError
from resources.mysql.binlog import Position, current_position
from resources.mysql.binlog_text import CannotTellError
from resources.mysql.connection import Connection, execute, is_denied, option_file, rows, value
from resources.mysql.endpoint import Endpoint
from resources.mysql.installation import MysqlInstallation
from resources.mysql.process_identity import processes_with_argument
from resources.redact import inert, redact

_POLL = 0.2
_FLAGS, _IN_USE = 21, 1
"""Place of the first event's flags, and the one of a file that the server still writes to."""
_SILENCE = 120.0
"""Seconds; the server sends as fast as it reads, so this is a dead connection."""


@dataclass(frozen=True)
class ServerLog:
    """The server's binary log at one moment."""

    server_uuid: str
    files: dict[str, int]
    """Name → bytes, oldest first."""
    end: Position


class FetchError(Exception):
    """mysqlbinlog did not bring the files; the text says why, in its own words."""


def read_server_log(connection: Connection) -> ServerLog:
    """Raises CannotTellError where there is no binary log, or one that leaves databases out."""
    end = current_position(connection)
    try:
        listed = rows(connection, "SHOW BINARY LOGS")
    except pymysql.err.MySQLError as error:
        if is_denied(error):
            raise CannotTellError(f"the account may not list the binary logs: {error.args[-1]}") from error
        raise
    # A file's first bytes belong to its encryption, and are not sent.
    files = {str(row[0]): int(row[1]) - _encryption_header(row) for row in listed}
    # Listed a moment later than `end`: what came since is not asked for.
    names = list(files)
    if end.file in files:
        for name in names[names.index(end.file) + 1 :]:
            del files[name]
        files[end.file] = end.position
    return ServerLog(str(value(connection, "SELECT @@server_uuid")), files, end)


def _encryption_header(row: Sequence[object]) -> int:
    return 512 if len(row) > 2 and str(row[2]).lower() == "yes" else 0


def begin_new_file(connection: Connection) -> bool:
    """Have the server end its open file; False where the account has not the right (RELOAD)."""
    try:
        execute(connection, "FLUSH BINARY LOGS")
    except pymysql.err.MySQLError as error:
        if is_denied(error):
            return False
        raise
    return True


def fetch(
    endpoint: Endpoint,
    installation: MysqlInstallation,
    files: dict[str, int],
    folder: Path,
) -> list[Path]:
    """Write the named files (name → bytes) into `folder`, which is made and must not exist.

    What the server writes to them meanwhile is cut off. Raises FetchError, PrivilegeError,
    ConnectTimeoutError, DiskFullError.
    """
    folder.mkdir(mode=0o700)
    with option_file(endpoint, folder.parent) as options, tempfile.TemporaryFile() as errors:
        command = [
            *installation.command("mysqlbinlog"),
            f"--defaults-file={options}",
            "--read-from-remote-server",
            "--raw",
            *([] if endpoint.tls or endpoint.socket else ["--get-server-public-key"]),
            _mark(folder),
            "--",
            *files,
        ]
        # No environment: MYSQL_* and whatever secrets ours holds stay here.
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=errors,
            env=mysql_environment(LC_ALL="C"),
            umask=0o077,
        )
        try:
            _wait(process, folder, sum(files.values()))
        finally:
            if process.poll() is None:
                process.kill()
                process.wait()
        code = process.returncode
        errors.seek(0)
        said = inert(redact(errors.read(4000).decode(errors="replace")).strip())
    if code != 0:
        raise _failed(said or f"mysqlbinlog ended with {code}", folder, sum(files.values()))
    found = [folder / name for name in files]
    for path in found:
        size = path.stat().st_size if path.exists() else 0
        if size < files[path.name]:
            raise FetchError(f"{path.name}: {files[path.name]:,} bytes expected, {size:,} came")
        path.chmod(0o600)  # mysqlbinlog lets the group read them, whatever the umask
        _close(path, files[path.name])
    return found


def _close(path: Path, length: int) -> None:
    """Make of an open file what it was at `length`; of itself it says that it is open."""
    os.truncate(path, length)
    with path.open("r+b") as file:
        file.seek(_FLAGS)
        flags = file.read(1)
        file.seek(_FLAGS)
        file.write(bytes([flags[0] & ~_IN_USE]))


def _failed(said: str, folder: Path, size: int) -> DbsyncError | FetchError:
    if "Errcode: 28" in said or "No space left" in said:
        error = disk_full(OSError(28, "No space left on device"), folder, size)
        assert isinstance(error, DiskFullError)
        return error
    if "REPLICATION SLAVE" in said or "Access denied" in said:
        return PrivilegeError(
            "the account may not read the binary log",
            why=said,
            hint="GRANT REPLICATION SLAVE ON *.* TO the user, then: dbsync doctor",
        )
    return FetchError(said)


def _mark(folder: Path) -> str:
    """The word in mysqlbinlog's argv that says whose it is."""
    return f"--result-file={folder}{os.sep}"


def end_fetch_into(folder: Path) -> None:
    """End a mysqlbinlog whose dbsync was killed; it would go on filling the disk."""
    for pid in processes_with_argument(_mark(folder)):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def _wait(process: subprocess.Popen[bytes], folder: Path, total: int) -> None:
    """Until it has ended. Raises ConnectTimeoutError when nothing arrives for _SILENCE seconds."""
    with progress.step("fetch binary logs", total=total, unit="bytes") as step:
        seen, arrived = 0, time.monotonic()
        while True:
            try:
                process.wait(_POLL)
                return
            except subprocess.TimeoutExpired:
                now = sum(path.stat().st_size for path in folder.iterdir())
            if now > seen:
                step.advance(min(now, total) - min(seen, total))
                seen, arrived = now, time.monotonic()
            elif time.monotonic() - arrived > _SILENCE:
                raise ConnectTimeoutError(
                    f"the server has sent no byte of its binary log for {_SILENCE:g} s",
                    why=f"{seen:,} of {total:,} bytes had come",
                    hint="check the network to the server, then type the command again",
                )
