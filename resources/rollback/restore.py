"""Puts a stored backup back into its target, keeping what it replaces."""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass

from resources.backup.catalog import load_manifest
from resources.backup.open import open_backup
from resources.backup.work_folder import work_folder
from resources.errors import RestoreFailedError, TargetMismatchError
from resources.mysql.connection import connect, value
from resources.mysql.schema import table_names
from resources.rollback.put_back import put_back
from resources.target import Target


@dataclass(frozen=True)
class RestoreResult:
    backup: str
    target: str
    tables: list[str]
    removed: list[str]
    rows: int
    seconds: float
    kept_aside: str | None
    """Database that holds the replaced tables."""

    def as_dict(self) -> dict[str, object]:
        drop = f"DROP DATABASE `{self.kept_aside}`" if self.kept_aside else None
        return {
            "backup": self.backup,
            "target": self.target,
            "restored_tables": self.tables,
            "removed_tables": self.removed,
            "rows": self.rows,
            "seconds": round(self.seconds, 3),
            "replaced_tables_are_in": self.kept_aside,
            "when_sure": drop,
        }


def restore_backup(target: Target, backup_id: str, *, confirm_target: str | None = None) -> RestoreResult:
    """Make the target's database what it was in the backup, digests compared. The caller holds the lock.

    Raises NoSuchBackupError, BackupCorruptError and TargetMismatchError before anything
    is touched, RestoreFailedError while the originals are still there.
    """
    begun = time.monotonic()
    manifest = load_manifest(target.storage, backup_id)
    with connect(target.endpoint, target.database) as connection:
        uuid = str(value(connection, "SELECT @@server_uuid"))
        here = table_names(connection, target.database)
    if confirm_target is not None and confirm_target != target.name:
        raise TargetMismatchError(
            f"{confirm_target!r} is not this target",
            where=target.name,
            hint=f"--confirm-target {target.name}",
        )
    if (manifest.database, manifest.server_uuid) != (target.database, uuid) and confirm_target != target.name:
        raise TargetMismatchError(
            "the backup was made of another target",
            where=target.name,
            why=f"it holds `{manifest.database}` of server {manifest.server_uuid},"
            f" this is `{target.database}` of {uuid}",
            hint=f"if you mean it: dbsync restore {backup_id} --confirm-target {target.name}",
        )
    folder = work_folder(target, f"restore-{backup_id}-{time.monotonic_ns()}")
    try:
        server = open_backup(target, backup_id, folder)
        try:
            done = put_back(
                target,
                server,
                sorted({*manifest.tables, *here}),
                database=manifest.database,
                run=f"{backup_id}{int(time.time())}",
                note=lambda *_: None,
            )
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    different = [name for name in manifest.tables if done.digests.get(name) != manifest.tables[name]]
    if different:
        raise RestoreFailedError(
            f"restored rows differ from the manifest: {', '.join(different)}",
            where=target.name,
            hint=f"the replaced tables are in {done.aside}",
        )
    return RestoreResult(
        backup_id, target.name, done.tables, done.removed, done.rows, time.monotonic() - begun, done.aside
    )
