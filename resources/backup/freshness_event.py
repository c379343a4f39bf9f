"""The age and the proof of the newest backups, as something people are told."""

from __future__ import annotations

from resources.backup.elapsed import elapsed
from resources.backup.freshness import freshness_anywhere
from resources.backup.index import look
from resources.backup.server_identity import is_own
from resources.backup.standing import standing
from resources.notify.event import Event
from resources.target import Target


def freshness_event(target: Target) -> Event:
    """state: fresh, stale, missing (no proven one), unproven (the newest failed its proof) or damaged.

    Raises RemoteStorageError where the bucket had to be asked and does not answer.
    """
    stored = look(target.storage)
    found = freshness_anywhere(target, stored.entries)
    full = [one for one in stored.entries if one.type == "full" and is_own(target, found.server_uuid, one)]
    newest = max(full, key=lambda one: one.id, default=None)
    facts: dict[str, object] = {"limit": elapsed(found.limit), "reason": str(found)}
    if found.newest is not None:
        facts |= {"newest": found.newest.id, "age": elapsed(found.age)}
    if newest is not None and standing(newest).failed:
        reason = f"{newest.id}, the newest backup, failed its proof: {standing(newest).proof.result}"
        return _event(target, "unproven", facts | {"reason": reason}, f"dbsync backups show {newest.id}")
    if stored.damaged:
        reason = f"the manifest of {', '.join(stored.damaged)} is damaged"
        return _event(target, "damaged", facts | {"reason": reason}, "dbsync doctor")
    if found.newest is None:
        return _event(target, "missing", facts, "dbsync backup")
    return _event(target, "fresh" if found.is_fresh else "stale", facts, "dbsync backup")


def freshness_unknown(target: Target, error: Exception) -> Event:
    """Where it cannot be told how old the newest backup is."""
    return _event(target, "unknown", {"reason": str(error).split("\n")[0]}, "dbsync doctor")


def _event(target: Target, state: str, facts: dict[str, object], command: str) -> Event:
    about = f"backups of {target.name}"
    return Event("backup", about, state, {"target": target.name, **facts}, command)
