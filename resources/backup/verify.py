"""Whether a stored backup still restores; the answer is kept beside it."""

from __future__ import annotations

import platform
import shutil
import time
from dataclasses import replace
from pathlib import Path

from resources import progress
from resources.backup.catalog import list_backups
from resources.backup.incremental.stored import verify_increment
from resources.backup.manifest import Manifest, Proof
from resources.backup.proof import utc_text
from resources.backup.prove_archive import prove_archive
from resources.backup.remote.fetch import fetch_backup, replaced_by_remote
from resources.backup.remote.keep import share_proofs
from resources.backup.remote.listing import older_good_anywhere
from resources.backup.server_identity import is_own, known_uuid
from resources.backup.standing import record_proof
from resources.backup.stored_files import verify_files
from resources.backup.work_folder import remove_abandoned, work_folder
from resources.errors import (
    BackupCorruptError,
    BackupFailedError,
    ChainBrokenError,
    DiskFullError,
    NoSuchBackupError,
    RemoteStorageError,
)
from resources.target import Target

__all__ = ["newest_backup", "verify_backup"]


def verify_backup(target: Target, backup_id: str) -> Manifest:
    """Prove a backup's archive again (see prove_archive) and record the outcome as its newest proof.

    An incremental backup is not restored: its events are read, and its chain is followed to its
    full backup. One that is only in the bucket is fetched first, as is a full one that is damaged here:
    the bucket's copy takes its place if it is whole. Returns the manifest with the proof
    just made; the stored one stays as it was written. Raises what prove_archive raises. A backup that
    is damaged, or restores to something else than was backed up, is recorded as such; one that could
    not be tried is not.
    """
    manifest = _fetched(target, backup_id)
    begun = time.monotonic()
    try:
        proof = _prove_or_mend(target, manifest)
    except (BackupCorruptError, BackupFailedError, ChainBrokenError) as error:
        why = "; ".join(filter(None, [error.what, error.why]))
        seconds = round(time.monotonic() - begun, 3)
        failed = Proof(False, utc_text(), platform.node(), seconds, f"FAILED: {why}", of="archive")
        # What is wrong with its chain says nothing of an increment: it serves later full backups as well.
        if manifest.type == "full" or error.where.startswith(manifest.file_path):
            _record(target, manifest, failed)
        if isinstance(error, BackupFailedError):
            error.hint = older_good_anywhere(target, backup_id)
        raise
    _record(target, manifest, proof)
    return replace(manifest, proof=proof)


def _fetched(target: Target, backup_id: str) -> Manifest:
    try:
        return fetch_backup(target, backup_id, to_open=True)
    except BackupCorruptError as error:
        if not (target.storage / backup_id).exists():
            raise
        return replaced_by_remote(target, backup_id, error)


def _prove_or_mend(target: Target, manifest: Manifest) -> Proof:
    try:
        return _prove(target, manifest)
    except BackupCorruptError as error:
        if target.remote is None or manifest.type != "full" or _is_as_written(target, manifest):
            raise
        return _prove(target, replaced_by_remote(target, manifest.id, error))


def _is_as_written(target: Target, manifest: Manifest) -> bool:
    try:
        verify_files(target.storage, manifest.id)
    except BackupCorruptError:
        return False
    return True


def _prove(target: Target, manifest: Manifest) -> Proof:
    if manifest.type == "incremental":
        return verify_increment(target, manifest.id).proof
    remove_abandoned(target)
    folder = work_folder(target, f"verify-{manifest.id}-{time.time_ns()}")
    try:
        return prove_archive(target, manifest, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def newest_backup(target: Target) -> Manifest:
    """The newest full backup of the target's database; of its server, where that says which it is.

    Raises NoSuchBackupError.
    """
    full = [one for one in list_backups(target.storage) if one.type == "full" and is_own(target, "", one)]
    uuid = known_uuid(target) if full else ""
    for manifest in reversed(full):
        if is_own(target, uuid, manifest):
            return manifest
    raise NoSuchBackupError(
        f"there is no backup of `{target.database}` yet",
        where=str(target.storage),
        why=f"{full[-1].id} is of another server's database of that name" if full else "",
        hint="dbsync backup",
    )


def _record(target: Target, manifest: Manifest, proof: Proof) -> None:
    """Beside the backup, here and in the bucket.

    A full disk, a read-only storage or a bucket out of reach must not hide the outcome itself.
    """
    try:
        record_proof(Path(manifest.file_path), proof)
        share_proofs(target, manifest)
    except (DiskFullError, OSError) as error:
        progress.say(f"the proof could not be recorded beside the backup: {error}")
    except RemoteStorageError as error:
        progress.say(f"the proof is not in the bucket yet ({error.what}); next: dbsync backups upload")
