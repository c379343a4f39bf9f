"""The end of a backup, wherever it lies."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from datetime import UTC, datetime, timedelta
from pathlib import Path

from resources.backup.ids import check_id, is_id
from resources.backup.lanes import in_lanes
from resources.backup.remote.layout import backup_prefix, manifest_key, top_prefix
from resources.backup.remote.listing import cache_folder
from resources.backup.remote.s3_put import LANES
from resources.backup.remote.store import RemoteStore, open_store
from resources.backup.storage import PARTIAL
from resources.durable_file import fsync_folder
from resources.target import Target

_GRACE = timedelta(days=7)


def remove(target: Target, backup_id: str) -> None:
    """Remove a backup from the bucket and from the folder; from either if it is only there.

    The bucket first: if that fails, it is still listed, and can be removed again. Raises
    NoSuchBackupError for what is no id, RemoteStorageError, OSError.
    """
    check_id(backup_id)
    if target.remote is not None:
        remove_remote(open_store(target.remote), backup_id)
        shutil.rmtree(cache_folder(target, backup_id), ignore_errors=True)
    if (target.storage / backup_id).is_dir():
        remove_local(target.storage, backup_id)


def remove_remote(store: RemoteStore, backup_id: str) -> None:
    """The manifest before the files: a backup without one is none, and is not listed half removed."""
    store.delete(manifest_key(store.location, backup_id))
    prefix = backup_prefix(store.location, backup_id)
    store.abandon(prefix)
    in_lanes([found.key for found in store.list(prefix)], lambda key, _: store.delete(key), lanes=LANES)


def remove_orphans(store: RemoteStore, *, keep: Collection[str]) -> list[str]:
    """Remove what lies in the bucket without a manifest: a removal, or an upload, that was never finished.

    Only where nothing was added for a week: another machine may be uploading. `keep`: ids that
    this machine may still go on with. Raises RemoteStorageError.
    """
    removed = []
    for name in store.folders(top_prefix(store.location)):
        if not is_id(name) or name in keep or store.head(manifest_key(store.location, name)):
            continue
        newest = max(
            (found.modified for found in store.list(backup_prefix(store.location, name))), default=None
        )
        if newest is not None and datetime.now(UTC) - newest > _GRACE:
            remove_remote(store, name)
            removed.append(name)
    return removed


def remove_local(storage: Path, backup_id: str) -> None:
    """Renamed first: one that is half removed must not be listed."""
    folder = storage / check_id(backup_id)
    doomed = folder.with_name(backup_id + PARTIAL)
    folder.rename(doomed)
    fsync_folder(storage)
    shutil.rmtree(doomed)
