"""Whether a stored backup is whole, and whether it still restores."""

from __future__ import annotations

import shutil
import time
from dataclasses import replace

from resources import progress
from resources.backup.catalog import corrupt, load_manifest
from resources.backup.incremental.stored import verify_increment
from resources.backup.manifest import Manifest
from resources.backup.open import open_manifest
from resources.backup.proof import read_contents
from resources.backup.remote.fetch import fetch_backup
from resources.backup.stored_files import verify_files
from resources.backup.work_folder import remove_abandoned, work_folder
from resources.target import Target

__all__ = ["verify_backup", "verify_files"]


def verify_backup(target: Target, backup_id: str) -> Manifest:
    """verify_files, then restore it into a private server and read every row again.

    An incremental backup is not restored: its events are read, and its chain is followed to its
    full backup. One that is only in the bucket is fetched first. Returns the manifest with the proof
    just made; the stored one stays as it was written. Raises BackupCorruptError also when it restores
    to something else than was backed up.
    """
    fetch_backup(target, backup_id, to_open=True)
    if load_manifest(target.storage, backup_id).type == "incremental":
        return verify_increment(target.storage, backup_id)
    manifest = verify_files(target.storage, backup_id)
    remove_abandoned(target)
    folder = work_folder(target, f"verify-{backup_id}-{time.time_ns()}")
    begun = time.monotonic()
    try:
        with progress.step(f"restore {backup_id} into a private server"):
            server = open_manifest(target, manifest, folder)
        try:
            contents = read_contents(server, manifest.database, begun)
        finally:
            server.kill()
        how = "unpacked and started" if manifest.engine == "clone" else "loaded"
        proof = contents.proof(server, how, "archive")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    different = [name for name, digest in manifest.tables.items() if contents.tables.get(name) != digest]
    if different or len(contents.tables) != len(manifest.tables):
        named = ", ".join(different[:10]) or "the list of tables"
        raise corrupt(target.storage, backup_id, "rows", f"after restoring, they differ in {named}")
    if contents.schema.digest != manifest.schema_digest:
        raise corrupt(
            target.storage,
            backup_id,
            "schema",
            f"expected sha256 {manifest.schema_digest}, actual {contents.schema.digest}",
        )
    return replace(manifest, proof=proof)
