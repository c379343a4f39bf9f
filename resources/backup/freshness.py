"""How old the newest proven full backup is."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from resources.backup.elapsed import elapsed
from resources.backup.entry import Entry
from resources.backup.remote.listing import known_backups
from resources.backup.server_identity import is_own, known_uuid
from resources.target import Target


@dataclass(frozen=True)
class Freshness:
    """Times in seconds."""

    newest: Entry | None
    """The newest proven full backup of the target's database."""
    age: float
    """Infinite where there is none."""
    limit: float
    """BACKUP_MAX_AGE."""
    server_uuid: str = ""
    """Of the server whose backups count; empty where it was not known, and every server's did."""
    others: bool = False
    """Whether there are proven ones of another server's database of the same name."""

    @property
    def is_fresh(self) -> bool:
        """A backup from the future is not: then a clock is wrong, and nobody knows its age."""
        return 0 <= self.age <= self.limit

    def __str__(self) -> str:
        if self.newest is None:
            return "there is no proven full backup" + (
                " of this server, only of another" if self.others else ""
            )
        limit = "" if self.is_fresh else f"; BACKUP_MAX_AGE is {elapsed(self.limit)}"
        old = "" if self.age < 0 else " old"
        return f"the newest proven full backup, {self.newest.id}, is {elapsed(self.age)}{old}{limit}"


def freshness(
    target: Target, entries: Iterable[Entry], now: datetime | None = None, server_uuid: str = ""
) -> Freshness:
    """Of the full backups of the target's database; their time is when they were begun.

    `server_uuid`: of the target's server; those of another do not count. Empty: not known.
    """
    full = (one for one in entries if one.type == "full" and is_own(target, "", one))
    proven = [one for one in full if one.current_proof.proven]
    ours = [one for one in proven if is_own(target, server_uuid, one)]
    newest = max(ours, key=lambda one: one.id, default=None)
    old = ((now or datetime.now(UTC)) - newest.made).total_seconds() if newest else float("inf")
    return Freshness(newest, old, target.backup_max_age, server_uuid, len(proven) > len(ours))


def freshness_anywhere(target: Target, here: Sequence[Entry]) -> Freshness:
    """`freshness` of the entries that are here; the bucket is asked only where those do not suffice.

    The server is asked for its uuid; while it is away, any server's backup counts.
    """
    uuid = known_uuid(target) if here or target.remote else ""
    found = freshness(target, here, server_uuid=uuid)
    if found.is_fresh or target.remote is None:
        return found
    known = {one.id for one in here}
    there = [Entry.of(one, "") for one in known_backups(target) if one.id not in known]
    return freshness(target, [*here, *there], server_uuid=uuid)
