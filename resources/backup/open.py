"""A stored backup as a running private server."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from resources.backup.archive import MismatchError, unpack
from resources.backup.manifest import Manifest
from resources.backup.mysqldump import load
from resources.backup.private_copy import copy_server, empty_server
from resources.backup.proof import start_for_proof
from resources.backup.room import SERVER_BYTES, require_room
from resources.backup.stored_files import as_corrupt, verify_files
from resources.errors import EnvironmentCheckError
from resources.mysql.get import get_mysql
from resources.mysql.installation import MysqlInstallation, parse_version
from resources.mysql.server import PrivateServer
from resources.target import Target


def open_backup(target: Target, backup_id: str, folder: Path) -> PrivateServer:
    """Unpack (or load) a backup into `folder` and start it there; the caller discards the server.

    Every stored byte is checked before anything is written. Raises NoSuchBackupError,
    BackupCorruptError, DiskFullError, EnvironmentCheckError when no mysqld here fits it.
    """
    return open_manifest(target, verify_files(target.storage, backup_id), folder)


def open_manifest(
    target: Target, manifest: Manifest, folder: Path, variables: Mapping[str, str] | None = None
) -> PrivateServer:
    """As open_backup, for a backup whose files were verified a moment ago.

    `variables`: what its server is to be told beyond what every private server is.
    """
    installation = get_mysql(target.tools, target.mysqld)
    require_room([(folder, _room(manifest))])
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        if manifest.engine == "clone":
            _require_same_series(manifest, installation)
            unpack(Path(manifest.file_path), manifest.files, manifest.folders, folder / "data")
            server = copy_server(installation, folder, manifest.server_variables, **(variables or {}))
            start_for_proof(server)
            return server
        server = empty_server(installation, folder, manifest.server_variables)
        server.start()
        try:
            charset, collation = manifest.database_charset
            backup = Path(manifest.file_path)
            load(server, backup, manifest.files[0], manifest.database, charset, collation, manifest.schema)
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
