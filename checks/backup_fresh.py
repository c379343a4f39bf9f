"""Observation: the newest proven backup is young enough."""

from checks.observation import Seen, observation
from resources.backup.freshness import freshness_anywhere
from resources.backup.index import look as look_at
from resources.target import Target


def look(target: Target) -> Seen:
    found = freshness_anywhere(target, look_at(target.storage).entries)
    figures: dict[str, float | str] = {"limit hours": round(found.limit / 3600, 2)}
    if found.newest is not None:
        figures |= {"age hours": round(found.age / 3600, 2), "newest proven": found.newest.id}
    return Seen(found.is_fresh, str(found), "dbsync backup", figures)


backup_fresh = observation(
    "backup_fresh",
    look,
    "The newest proven full backup is younger than BACKUP_MAX_AGE.",
)
