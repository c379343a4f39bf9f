"""A stored backup as a running private server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from resources.backup.age_keys import require_key
from resources.backup.archive import MismatchError, unpack
from resources.backup.load_database import DumpedDatabase
from resources.backup.logical import load
from resources.backup.manifest import Manifest
from resources.backup.private_copy import copy_server, empty_server
from resources.backup.proof import start_for_proof
from resources.backup.remote.fetch import sound_backup
from resources.backup.room import SERVER_BYTES, require_room
from resources.backup.stored_files import as_corrupt
from resources.errors import EnvironmentCheckError
from resources.mysql.get import get_mysql
from resources.mysql.installation import MysqlInstallation, parse_version
from resources.mysql.server import PrivateServer
from resources.target import Target


def open_backup(target: Target, backup_id: str, folder: Path) -> PrivateServer:
    """Unpack (or load) a backup into `folder` and start it there; the caller discards the server.

    One that is only in the bucket, or damaged here and not there, is fetched first. Every stored
    byte is checked before anything is written. Raises NoSuchBackupError, BackupCorruptError, BackupKeyError,
    RemoteStorageError, DiskFullError, EnvironmentCheckError when no mysqld here fits it.
    """
    return open_manifest(target, sound_backup(target, backup_id, to_open=True), folder)


def open_manifest(
    target: Target, manifest: Manifest, folder: Path, more: Mapping[str, str] | None = None
) -> PrivateServer:
    """As open_backup, for a backup whose files were verified a moment ago.

    `more`: settings of the private server beyond those that the backup asks for. An incremental
    backup is opened at its end, by its full one and all between: see point_in_time.
    """
    if manifest.type == "incremental":
        from resources.backup.point_in_time import END, open_at

        return open_at(target, manifest.id, END, folder)
    more = more or {}
    require_key(manifest, target.age_identity)
    installation = get_mysql(target.tools, target.mysqld)
    require_room([(folder, _room(manifest))])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        if manifest.engine == "clone":
            _require_same_series(manifest, installation)
            backup, data = Path(manifest.file_path), folder / "data"
            unpack(backup, manifest.files, manifest.folders, data, identity=target.age_identity)
            server = copy_server(installation, folder, manifest.server_variables, **more)
            start_for_proof(server)
            return server
        server = empty_server(installation, folder, manifest.server_variables, **more)
        server.start()
        try:
            backup = Path(manifest.file_path)
            database = DumpedDatabase(manifest.database, *manifest.database_charset, manifest.schema)
            load(manifest.engine, target, server, backup, manifest.files, database)
        except BaseException:
            server.discard()
            raise
        return server
    except MismatchError as error:
        raise as_corrupt(target.storage, manifest.id, error) from error


def _room(manifest: Manifest) -> int:
    """Bytes in the work folder. Of a dump twice its text: indexes, and pages that are not full."""
    return manifest.plain_size * (1 if manifest.engine == "clone" else 2) + SERVER_BYTES


def _require_same_series(manifest: Manifest, installation: MysqlInstallation) -> None:
    """A data folder may be opened by its own release or a later one of its series, never by an older one."""
    theirs, ours = parse_version(manifest.server_version), installation.version_tuple
    if theirs[:2] != ours[:2] or ours < theirs:
        raise EnvironmentCheckError(
            f"the backup is of MySQL {manifest.server_version}, and mysqld here is {installation.version}",
            where=manifest.id,
            hint=f"install MySQL {manifest.server_version} here and set MYSQLD to its mysqld",
        )
