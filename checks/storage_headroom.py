"""Observation: there is room for the backups to come."""

from checks.observation import Seen, observation
from resources.backup.headroom import ENOUGH, headroom
from resources.backup.index import look as look_at
from resources.target import Target


def look(target: Target) -> Seen:
    found = headroom(target, look_at(target.storage).entries)
    if found is None:
        return Seen(True, "no backup yet, so nothing is known of their size")
    figures: dict[str, float | int | str] = {
        "free GB": round(found.free / 1e9, 3),
        "used by backups MB": round(found.used / 1e6, 1),
        "next backup MB": round(found.next_size / 1e6, 1),
        "growth MB per backup": round(found.growth / 1e6, 3),
        "backups that fit": found.fits,
    }
    if found.days is not None:
        figures["days that lasts"] = round(found.days, 1)
    hint = "free space, lower BACKUP_KEEP, or set BACKUP_STORAGE_PATH to a larger disk"
    return Seen(found.is_enough, str(found), hint, figures)


storage_headroom = observation(
    "storage_headroom",
    look,
    f"The storage has room for the next {ENOUGH} backups, at the rate at which they grow.",
)
