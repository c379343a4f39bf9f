"""The mysqldump engine: one logical dump, compressed as it comes, and its way back into a server."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from resources import progress
from resources.backup.archive import BLOCK, Packer, plain_blocks, stored_path
from resources.backup.manifest import StoredFile
from resources.backup.source import Source
from resources.backup.storage_io import REAL, StorageIo
from resources.child_environment import mysql_environment
from resources.doctor.grants import read_grants
from resources.errors import BackupFailedError
from resources.mysql.connection import connect, execute, option_file, quoted, value
from resources.mysql.endpoint import Endpoint
from resources.mysql.installation import MysqlInstallation
from resources.mysql.schema import Schema
from resources.mysql.server import PrivateServer
from resources.redact import inert, redact

DUMP = "dump.sql"
_TRAILER = b"-- Dump completed"
_HEAD_BYTES = 64 << 10
_TAIL_BYTES = 256
_STDERR_BYTES = 4096
_POSITION = re.compile(rb"(?:SOURCE|MASTER)_LOG_FILE='([^']+)', (?:SOURCE|MASTER)_LOG_POS=(\d+)")
_DEFINER = re.compile(r"DEFINER=`((?:[^`]|``)*)`@`((?:[^`]|``)*)`")
_LOCK_WAIT = 30
"""Seconds: with --source-data mysqldump locks all tables for a moment, and would wait a year for it."""


class TableChangedError(BackupFailedError):
    """Error 1412: a table was altered while it was being dumped."""


@dataclass(frozen=True)
class Dump:
    file: StoredFile
    binlog_file: str
    binlog_position: int


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
    with option_file(endpoint, scratch) as login, tempfile.TemporaryFile(dir=scratch) as errors:
        command = [
            *installation.command("mysqldump"),
            f"--defaults-file={login}",
            *_options(endpoint, installation),
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
                file = packer.finish()
            finally:
                packer.close()
                if process.poll() is None:
                    process.kill()
                    process.wait()
        _require_whole(code, tail, _end_of(errors), endpoint)
    found = _POSITION.search(head)
    return Dump(file, found[1].decode() if found else "", int(found[2]) if found else 0)


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
    if "1412" in errors:
        raise TableChangedError(
            "a table was altered while it was being dumped",
            where=str(endpoint),
            why=errors,
            hint="run the backup while no migration runs: dbsync backup",
        )
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
    charset: str,
    collation: str,
    schema: Schema,
    identity: Path | None = None,
) -> None:
    """Load a stored dump into an empty, running server.

    `schema` is what the dump holds: its definers are made first, because a view that uses
    another one cannot be created without. `identity`: the age key file that opens an encrypted
    dump. Raises BackupFailedError, MismatchError, BackupKeyError.
    """
    with server.connect() as connection:
        execute(
            connection,
            f"CREATE DATABASE {quoted(database)} CHARACTER SET {charset} COLLATE {collation}",
        )
        for user, host in definers(schema):
            execute(connection, "CREATE USER IF NOT EXISTS %s@%s ACCOUNT LOCK", (user, host))
            execute(connection, "GRANT ALL ON *.* TO %s@%s", (user, host))
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
                    why=_end_of(errors),
                    hint="BACKUP_ENGINE=clone keeps what mysqldump cannot; dbsync doctor says what it takes",
                )


def definers(schema: Schema) -> list[tuple[str, str]]:
    """(user, host) of every account that an object is to run as."""
    found: set[tuple[str, str]] = set()
    for kind in ("views", "routines", "triggers", "events"):
        for text in getattr(schema, kind).values():
            for user, host in _DEFINER.findall(text):
                found.add((user.replace("``", "`"), host.replace("``", "`")))
    return sorted(found)


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


def _end_of(errors: IO[bytes]) -> str:
    size = errors.seek(0, os.SEEK_END)
    errors.seek(max(0, size - _STDERR_BYTES))
    lines = errors.read().decode(errors="replace").splitlines()
    return inert(redact("; ".join(line for line in lines if not _is_noise(line))))


def _is_noise(line: str) -> bool:
    return not line.strip() or "[Warning]" in line


def suspicious_columns(columns: Sequence[tuple[str, str]]) -> list[str]:
    """Of (name, data type): those that a logical dump is known to change."""
    return [f"{name} ({kind.upper()})" for name, kind in columns if kind.lower() in ("float", "json")]
