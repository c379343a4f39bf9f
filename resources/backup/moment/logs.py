"""The binary logs after a full backup: those that are stored, and then those the server still has."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from resources import progress
from resources.backup import archive
from resources.backup.archive import MismatchError
from resources.backup.catalog import is_remote, list_backups
from resources.backup.incremental.server_log import server_log
from resources.backup.incremental.since import files_since, is_earlier
from resources.backup.incremental.stored import log_files
from resources.backup.manifest import Manifest, StoredFile
from resources.backup.remote.fetch import fetch_backup, sound_backup
from resources.backup.remote.listing import known_backups
from resources.backup.room import require_room
from resources.backup.standing import standing
from resources.backup.stored_files import as_corrupt
from resources.errors import BackupCorruptError, BackupFailedError, TargetMismatchError
from resources.mysql.binlog_fetch import FetchError, fetch
from resources.mysql.connection import connect, value
from resources.mysql.get import get_mysql
from resources.target import Target

SERVER = "the server"
_JOIN = 60.0
"""Seconds. A file that continues another chain of backups is the same one when it was not begun later
than so long after that chain's end: after RESET BINARY LOGS names come again."""


@dataclass(frozen=True)
class LogFile:
    name: str
    path: Path
    length: int
    """Bytes that count."""
    of: str
    """Id of the backup it is stored in, or `SERVER`."""


class Logs:
    """Brings the files one after the other into a folder, as far as they are asked for."""

    def __init__(self, target: Target, base: Manifest, folder: Path) -> None:
        self._target = target
        self._base = base
        self._folder = folder
        _fetch_increments(target, base)
        self._stored, self.last = continuing(base, list_backups(target.storage), target.age_identity)
        """`last`: the backup with which what is stored ends; the base itself where nothing is."""
        self.server_now = 0.0
        """The server's clock when its log was read, seconds since 1970."""

    @property
    def stored_until(self) -> float:
        """Everything committed before this moment is stored: seconds since 1970, by our clock."""
        return datetime.fromisoformat(self.last.timestamp).timestamp()

    def stored(self) -> Iterator[LogFile]:
        """Raises BackupCorruptError, DiskFullError."""
        for name, (backup, file) in self._stored.items():
            require_room([(self._folder, file.length)])
            try:
                archive.unpack(
                    Path(backup.file_path), [file], [], self._folder, identity=self._target.age_identity
                )
            except MismatchError as error:
                raise as_corrupt(self._target.storage, backup.id, error) from error
            yield LogFile(name, self._folder / file.path, file.length, backup.id)

    def on_server(self) -> Iterator[LogFile]:
        """What came after the stored ones; the file with which they end comes again if it has grown.

        Raises ConnectError, PrivilegeError, ChainBrokenError (purged, or begun anew),
        TargetMismatchError (another server), BackupFailedError, DiskFullError.
        """
        target = self._target
        with connect(target.endpoint) as connection:
            log = server_log(connection)
            self.server_now = float(value(connection, "SELECT UNIX_TIMESTAMP(NOW(6))"))
        if log.server_uuid != self._base.server_uuid:
            raise TargetMismatchError(
                "the server is not the one that the backup was made of",
                where=str(target.endpoint),
                why=f"its uuid is {log.server_uuid}, the backup's {self._base.server_uuid}",
                hint="dbsync backups list",
            )
        files = files_since(self.last, log)
        require_room([(self._folder, sum(files.values()))])
        folder = self._folder / "server"
        try:
            paths = fetch(target.endpoint, get_mysql(target.tools, target.mysqld), files, folder)
        except FetchError as error:
            raise BackupFailedError(
                "the binary logs could not be fetched", where=str(target.endpoint), why=str(error)
            ) from error
        for path in paths:
            yield LogFile(path.name, path, files[path.name], SERVER)


def _fetch_increments(target: Target, base: Manifest) -> None:
    """Those of `base` and later ones that are only in the bucket, or damaged here."""
    if target.remote is None:
        return
    for one in known_backups(target):
        if one.type != "incremental" or one.server_uuid != base.server_uuid or one.id <= base.id:
            continue
        if is_remote(one):
            fetch_backup(target, one.id, to_open=True)
            continue
        with suppress(BackupCorruptError):  # it may not be needed; who reads it says what is wrong
            sound_backup(target, one.id, to_open=True)


def continuing(
    base: Manifest, backups: list[Manifest], identity: Path | None = None
) -> tuple[dict[str, tuple[Manifest, StoredFile]], Manifest]:
    """(name → where it is stored, the backup with which they end): an unbroken run from the base on.

    An increment of a later full backup goes on with the run too, when it holds the file with
    which the run ends: files are stored whole.
    """
    found: dict[str, tuple[Manifest, StoredFile]] = {}
    last = base
    for one in backups:
        if one.type != "incremental" or one.server_uuid != base.server_uuid or one.id <= base.id:
            continue
        files = log_files(one)
        if last.binlog_file not in files or not _is_further(one, last) or not standing(one).proven:
            continue
        if one.parent != last.id and not _is_same_file(last, one, files[last.binlog_file], identity):
            progress.say(
                f"backup {one.id} does not continue {last.id}: the binary log began anew between them"
            )
            continue
        names = list(files)
        for name in names[names.index(last.binlog_file) :]:
            found[name] = (one, files[name])
        last = one
    return found, last


def _is_further(one: Manifest, than: Manifest) -> bool:
    if one.binlog_file == than.binlog_file:
        return one.binlog_position > than.binlog_position
    return is_earlier(than.binlog_file, one.binlog_file)


def _is_same_file(last: Manifest, one: Manifest, file: StoredFile, identity: Path | None) -> bool:
    """By when the server began it, which its first event says."""
    head = next(archive.plain_blocks(Path(one.file_path), file, identity), b"")
    created = int.from_bytes(head[4:8], "little")
    ended = datetime.fromisoformat(last.proof.at or last.timestamp).timestamp()
    return created <= ended + _JOIN
