"""Old backups are removed; never the last good ones."""

from __future__ import annotations

from collections.abc import Collection

from resources import progress
from resources.backup.catalog import looks_whole
from resources.backup.remote.listing import all_backups, is_remote
from resources.backup.remote.removal import remove
from resources.target import Target


def remove_old_backups(target: Target, *, server_uuid: str, owed: Collection[str] = ()) -> list[str]:
    """Keep the newest `keep_backups` good full backups of the target (at least one) and all since the
    oldest of them; the ids that were removed. An incremental backup goes with the full one before it.
    Those in the bucket count like those here, and leave it too.

    owed: ids that are never removed, because an unfinished rollback needs them.

    Good: proven, its manifest sound, every file there in its full length. Nothing is removed
    when the newest is not good, or when a newer backup claims an earlier time: after a clock
    jump, age cannot be told.
    """
    keep, of_target = max(1, target.keep_backups), (server_uuid, target.database)
    ours = [one for one in all_backups(target) if (one.server_uuid, one.database) == of_target]
    full = [one for one in ours if one.type == "full"]
    good = [one for one in full if one.proof.proven and (is_remote(one) or looks_whole(one))]
    if not good or good[-1] is not full[-1]:
        progress.say("no old backup is removed: the newest one is not good")
        return []
    times = [one.timestamp for one in ours]
    if times != sorted(times):
        progress.say("no old backup is removed: the clock was set back since one of them was made")
        return []
    oldest_kept = good[-keep:][0].id
    enough = len(good) > keep
    old = [one.id for one in ours if enough and one.id < oldest_kept and one.id not in owed]
    for backup_id in old:
        remove(target, backup_id)
    return old
