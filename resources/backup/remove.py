"""The one way in which a backup leaves the storage."""

from __future__ import annotations

import shutil
from collections.abc import Sequence

from resources.backup.ids import check_id
from resources.backup.index import refresh
from resources.backup.storage import PARTIAL
from resources.durable_file import fsync_folder
from resources.target import Target


def remove_backups(target: Target, backup_ids: Sequence[str]) -> None:
    """Remove them in this order; what is interrupted is finished by the next `remove_partials`.

    Raises NoSuchBackupError for what is no id, OSError.
    """
    try:
        for backup_id in backup_ids:
            _remove(target, check_id(backup_id))
    finally:
        refresh(target.storage)


def _remove(target: Target, backup_id: str) -> None:
    """Renamed first: one that is half removed must not be listed."""
    folder = target.storage / backup_id
    doomed = folder.with_name(backup_id + PARTIAL)
    folder.rename(doomed)
    fsync_folder(target.storage)
    shutil.rmtree(doomed)
