"""Which full backup a moment is reached from, where none was named."""

from __future__ import annotations

from datetime import datetime

from resources.backup.catalog import is_remote, looks_whole
from resources.backup.manifest import Manifest
from resources.backup.moment.moment import Moment
from resources.backup.remote.listing import known_backups
from resources.backup.standing import standing
from resources.errors import MomentError
from resources.mysql.gtid_set import GtidSet
from resources.target import Target


class EarlierMomentError(MomentError):
    """The moment may be before this backup: an older one may lead to it."""


def possible_bases(target: Target, moment: Moment) -> list[Manifest]:
    """Proven full backups of the target's database from before the moment, newest first.

    Wherever they lie. Whether one is from before a migration, or before a time at which it was being
    made, only the binary logs say (EarlierMomentError): then the next one is to be tried. Raises
    MomentError when none is left.
    """
    full = [
        one
        for one in reversed(known_backups(target))
        if one.type == "full" and one.database == target.database
        if standing(one).proven and (is_remote(one) or looks_whole(one))
    ]
    found = [one for one in full if _is_before(one, moment)]
    if not found:
        oldest = f"the oldest is {full[-1].id}" if full else "there is none at all"
        raise MomentError(
            f"no proven full backup of `{target.database}` is from before {moment}",
            where=str(target.storage),
            why=oldest,
            hint="dbsync backups list",
        )
    return found if moment.kind in ("migration", "time") else found[:1]


def _is_before(one: Manifest, moment: Moment) -> bool:
    if moment.kind == "time":
        return datetime.fromisoformat(one.timestamp).timestamp() * 1_000_000 <= moment.time
    if moment.kind == "gtid":
        # A backup by dump does not say what it holds.
        held = GtidSet.parse(one.gtid_executed)
        too_many = (
            held.minus(moment.gtids)
            if len(moment.gtids) > 1
            else moment.gtids.minus(moment.gtids.minus(held))
        )
        return bool(held) and not too_many
    return True
