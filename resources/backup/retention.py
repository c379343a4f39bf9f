"""Old backups are removed; never the last good ones."""

from __future__ import annotations

import shutil
from collections.abc import Collection
from pathlib import Path

from resources import progress
from resources.backup.catalog import list_backups, looks_whole
from resources.backup.ids import check_id
from resources.backup.standing import standing
from resources.backup.storage import PARTIAL
from resources.durable_file import fsync_folder


def remove_old_backups(
    storage: Path, keep: int, *, server_uuid: str, database: str, owed: Collection[str] = ()
) -> list[str]:
    """Keep the newest `keep` good backups of one database (at least one); the ids that were removed.

    owed: ids that are never removed, because an unfinished rollback needs them.

    Good: its newest proof went well, its manifest is sound, every file is there in its full
    length. Nothing is removed when the newest is not good, or when a newer backup claims an
    earlier time: after a clock jump, age cannot be told.
    """
    ours = [
        one for one in list_backups(storage) if (one.server_uuid, one.database) == (server_uuid, database)
    ]
    good = [one for one in ours if standing(one).proven and looks_whole(one)]
    if not good or good[-1] is not ours[-1]:
        progress.say("no old backup is removed: the newest one is not good")
        return []
    times = [one.timestamp for one in ours]
    if times != sorted(times):
        progress.say("no old backup is removed: the clock was set back since one of them was made")
        return []
    oldest_kept = good[-max(1, keep) :][0].id
    enough = len(good) > max(1, keep)
    old = [one.id for one in ours if enough and one.id < oldest_kept and one.id not in owed]
    for backup_id in old:
        _remove(storage, backup_id)
    return old


def _remove(storage: Path, backup_id: str) -> None:
    """Renamed first: one that is half removed must not be listed."""
    folder = storage / check_id(backup_id)
    doomed = folder.with_name(backup_id + PARTIAL)
    folder.rename(doomed)
    fsync_folder(storage)
    shutil.rmtree(doomed)
