"""What makes a backup remote: local ones the bucket lacks go up, and old local copies go."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from resources import progress
from resources.backup.catalog import list_backups
from resources.backup.manifest import Manifest
from resources.backup.remote.layout import backup_prefix
from resources.backup.remote.one_at_a_time import one_at_a_time
from resources.backup.remote.removal import remove_local, remove_orphans
from resources.backup.remote.store import RemoteStore, open_store
from resources.backup.remote.upload import is_committed, upload_backup, upload_proofs
from resources.errors import BackupCorruptError, RemoteStorageError
from resources.target import Target


def upload_backups(target: Target, *, owed: Collection[str] = ()) -> list[str]:
    """Upload every local backup that the bucket lacks; then remove old local copies. The ids uploaded.

    Oldest first, so that an incremental one never lies there without its parent. Without a
    bucket nothing happens. `owed`: ids whose local copy stays, whatever its age. Raises
    RemoteStorageError, after which every local backup is still there and the next call goes on;
    BackupCorruptError for a damaged local one, after the others were uploaded.
    """
    if target.remote is None:
        return []
    store = open_store(target.remote)
    uploaded = []
    with one_at_a_time(target.state, "upload"):
        local, damaged = list_backups(target.storage), None
        for manifest in local:
            try:
                if not is_committed(store, manifest):
                    upload_backup(store, manifest, target.storage)
                    uploaded.append(manifest.id)
                else:
                    upload_proofs(store, Path(manifest.file_path), manifest.id)
            except RemoteStorageError as error:
                raise _not_stored(target, manifest, error) from error
            except BackupCorruptError as error:
                damaged = damaged or error
        if damaged:
            raise damaged
        _remove_old_copies(target, store, local, owed)
        remove_orphans(store, keep={manifest.id for manifest in local})
    return uploaded


def share_proofs(target: Target, manifest: Manifest) -> None:
    """To be called when a proof was added to the local copy of a backup; its upload brings it there else.

    Raises RemoteStorageError.
    """
    if target.remote is None:
        return
    store = open_store(target.remote)
    if is_committed(store, manifest):
        upload_proofs(store, Path(manifest.file_path), manifest.id)


def _remove_old_copies(
    target: Target, store: RemoteStore, local: list[Manifest], owed: Collection[str]
) -> None:
    """Of each database keep the newest full ones, and what was made of it since the oldest of them."""
    full: dict[tuple[str, str], list[str]] = {}
    for one in local:
        if one.type == "full":
            full.setdefault((one.server_uuid, one.database), []).append(one.id)
    for manifest in local:
        newest = full.get((manifest.server_uuid, manifest.database), [])[-target.keep_local :]
        is_old = len(newest) == target.keep_local and manifest.id < newest[0]
        if is_old and manifest.id not in owed and _is_complete(store, manifest):
            remove_local(target.storage, manifest.id)
            progress.say(f"{manifest.id} is in the bucket; its local copy was removed")


def _is_complete(store: RemoteStore, manifest: Manifest) -> bool:
    """A last look at what is about to be the only copy; its contents were verified when it was uploaded."""
    location = store.location
    there = {found.key: found.length for found in store.list(backup_prefix(location, manifest.id))}
    files = {location.key(manifest.id, file.stored_name): file.stored_length for file in manifest.files}
    return is_committed(store, manifest) and files.items() <= there.items()


def _not_stored(target: Target, manifest: Manifest, error: RemoteStorageError) -> RemoteStorageError:
    return RemoteStorageError(
        f"backup {manifest.id} is complete and usable on this machine, but not in the bucket: {error.what}",
        where=error.where or str(target.remote),
        why=error.why,
        hint=f"{error.hint}; then: dbsync backups upload   (goes on where it stopped)",
    )
