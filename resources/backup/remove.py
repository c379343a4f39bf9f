"""The one way in which backups leave the storage: the folder, the bucket, and the index."""

from __future__ import annotations

from collections.abc import Sequence

from resources.backup.index import refresh
from resources.backup.remote.removal import remove
from resources.target import Target


def remove_backups(target: Target, backup_ids: Sequence[str]) -> None:
    """Remove them in this order; what is interrupted is finished by the next `remove_partials`.

    Raises NoSuchBackupError for what is no id, RemoteStorageError, OSError.
    """
    try:
        for backup_id in backup_ids:
            remove(target, backup_id)
    finally:
        refresh(target.storage)
