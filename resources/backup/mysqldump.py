"""The mysqldump engine: one logical dump, compressed as it comes, and its way back into a server."""

from __future__ import annotations

import re
import subprocess
import tempfile
from pathlib import Path

from resources import progress
from resources.backup.archive import BLOCK, Packer, plain_blocks, stored_path
from resources.backup.dump import Dump, end_of, refuse_changed_table
from resources.backup.manifest import StoredFile
from resources.backup.semicolons import kept_semicolons, script_of
from resources.backup.source import Source
from resources.backup.storage_io import REAL, StorageIo
from resources.child_environment import mysql_environment
from resources.doctor.grants import read_grants
from resources.errors import BackupFailedError
from resources.mysql.connection import connect, option_file, value
from resources.mysql.endpoint import Endpoint
from resources.mysql.installation import MysqlInstallation
from resources.mysql.server import PrivateServer

DUMP = "dump.sql"
_TRAILER = b"-- Dump completed"
_HEAD_BYTES = 64 << 10
_TAIL_BYTES = 256
_POSITION = re.compile(rb"(?:SOURCE|MASTER)_LOG_FILE='([^']+)', (?:SOURCE|MASTER)_LOG_POS=(\d+)")
_LOCK_WAIT = 30
"""Seconds: with --source-data mysqldump locks all tables for a moment, and would wait a year for it."""


def dump(
    backup: Path,
    scratch: Path,
    endpoint: Endpoint,
    database: str,
    source: Source,
    installation: MysqlInstallation,
    io: StorageIo = REAL,
) -> Dump:
    """Store `database` as `files/dump.sql.zst` below `backup`.

    It is whole only if mysqldump ended with 0 *and* wrote its last line: either one alone
    has been seen with half a dump. Raises BackupFailedError, TableChangedError, DiskFullError.
    """
    destination = stored_path(backup, DUMP)
    destination.parent.mkdir(mode=0o700, exist_ok=True)
    head, tail = b"", b""
    with connect(endpoint) as connection:
        behind = kept_semicolons(connection, database)
    with option_file(endpoint, scratch) as login, tempfile.TemporaryFile(dir=scratch) as errors:
        command = [
            *installation.command("mysqldump"),
            f"--defaults-file={login}",
            *_options(endpoint, installation),
            *(["--skip-triggers"] if any(one.kind == "TRIGGER" for one in behind) else []),
            "--",
            database,
        ]
        with progress.step("dump", total=source.database_bytes, unit="bytes") as step:
            packer = Packer(destination, DUMP, io=io)
            process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=mysql_environment(),
            )
            try:
                assert process.stdout
                while block := process.stdout.read(BLOCK):
                    packer.feed(block)
                    step.advance(len(block))
                    head += block[: _HEAD_BYTES - len(head)]
                    tail = (tail + block)[-_TAIL_BYTES:]
                code = process.wait()
                packer.feed(script_of(behind))
                file = packer.finish()
            finally:
                packer.close()
                if process.poll() is None:
                    process.kill()
                    process.wait()
        _require_whole(code, tail, end_of(errors), endpoint)
    found = _POSITION.search(head)
    return Dump((file,), found[1].decode() if found else "", int(found[2]) if found else 0)


def _options(endpoint: Endpoint, installation: MysqlInstallation) -> list[str]:
    options = [
        "--single-transaction",
        "--routines",
        "--triggers",
        "--events",
        "--hex-blob",
        "--set-gtid-purged=OFF",
        "--no-tablespaces",
        "--default-character-set=utf8mb4",
        "--max-allowed-packet=1G",
    ]
    if endpoint.tls is None and endpoint.socket is None:
        options.append("--get-server-public-key")
    with connect(endpoint) as connection:
        everywhere = read_grants(connection).everywhere
        logs = bool(value(connection, "SELECT @@log_bin"))
    if logs and "REPLICATION CLIENT" in everywhere and everywhere & {"RELOAD", "FLUSH_TABLES"}:
        options.append("--source-data=2" if installation.version_tuple >= (8, 0, 26) else "--master-data=2")
        told = subprocess.run(
            [*installation.command("mysqldump"), "--no-defaults", "--help"],
            capture_output=True,
            check=True,
            env=mysql_environment(),
        )
        if b"--init-command" in told.stdout:
            options.append(f"--init-command=SET SESSION lock_wait_timeout = {_LOCK_WAIT}")
    else:
        progress.say("the dump's position in the binary log is not recorded: no binary log, or no privilege")
    return options


def _require_whole(code: int, tail: bytes, errors: str, endpoint: Endpoint) -> None:
    if code == 0 and _TRAILER in tail:
        return
    refuse_changed_table(errors, endpoint)
    what = f"mysqldump ended with {code}" if code else "mysqldump stopped before the end of its dump"
    raise BackupFailedError(
        what,
        where=str(endpoint),
        why=errors or f"the line {_TRAILER.decode()!r} is missing at the end",
        hint="dbsync doctor",
    )


def load(
    server: PrivateServer,
    backup: Path,
    file: StoredFile,
    database: str,
    identity: Path | None = None,
) -> None:
    """Load a stored dump into `database`, which is there and empty, of a running server.

    `identity`: the age key file that opens an encrypted dump.
    Raises BackupFailedError, MismatchError, BackupKeyError.
    """
    with option_file(server.endpoint, server.folder) as login:
        with tempfile.TemporaryFile(dir=server.folder) as errors:
            command = [
                *server.installation.command("mysql"),
                f"--defaults-file={login}",
                "--binary-mode",
                "--default-character-set=utf8mb4",
                "--max-allowed-packet=1G",
                "--",
                database,
            ]
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=errors,
                env=mysql_environment(),
            )
            _feed(process, backup, file, identity)
            if process.wait() != 0:
                raise BackupFailedError(
                    f"the dump does not load: mysql ended with {process.returncode}",
                    where=str(server.folder),
                    why=end_of(errors),
                    hint="BACKUP_ENGINE=clone keeps what mysqldump cannot; dbsync doctor says what it takes",
                )


def _feed(process: subprocess.Popen[bytes], backup: Path, file: StoredFile, identity: Path | None) -> None:
    assert process.stdin
    try:
        with progress.step("load the dump", total=file.length, unit="bytes") as step:
            for block in plain_blocks(backup, file, identity):
                try:
                    process.stdin.write(block)
                except BrokenPipeError:
                    return  # it ended early; its exit code and words say why
                step.advance(len(block))
        process.stdin.close()
    except BrokenPipeError:
        return
    except BaseException:
        process.kill()
        process.wait()
        raise
