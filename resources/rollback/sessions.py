"""Whose session is it: the deployment's, dbsync's own while putting back, or a user's."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from resources.journal import DeploymentRecord, Journal
from resources.mysql.binlog_text import CannotTellError, Session

# A server's start is logged in whole seconds: it happened up to one later. Two machines' clocks
# differ, in either direction.
_SAME_CLOCK, _OTHER_CLOCK = timedelta(seconds=1), timedelta(seconds=60)


@dataclass(frozen=True)
class Ownership:
    """Thread numbers with the moment they were recorded: after a restart they are given out anew."""

    deployment: tuple[tuple[datetime, int], ...]
    put_back: tuple[tuple[datetime, int], ...]
    same_clock: bool
    """Whether server and dbsync are on one machine."""
    undone: tuple[tuple[datetime, int], ...] = ()
    """Of other deployments that are undone, and of their rollbacks: nothing of theirs is left to lose."""

    @classmethod
    def of(
        cls, entry: DeploymentRecord, *, same_clock: bool, undone: Iterable[DeploymentRecord] = ()
    ) -> Ownership:
        others = tuple(
            one
            for other in undone
            for fact in ("threads", "put_back_threads")
            for one in _recorded(other, fact)
        )
        return cls(_recorded(entry, "threads"), _recorded(entry, "put_back_threads"), same_clock, others)

    def deployment_sessions(self, starts: Iterable[datetime]) -> set[Session]:
        return self._sessions(self.deployment, list(starts))

    def put_back_sessions(self, starts: Iterable[datetime]) -> set[Session]:
        return self._sessions(self.put_back, list(starts))

    def undone_sessions(self, starts: Iterable[datetime]) -> set[Session]:
        """Without those that lie too close to a restart: what they wrote counts as a user's."""
        known, found = list(starts), set[Session]()
        for one in self.undone:
            with suppress(CannotTellError):
                found |= self._sessions([one], known)
        return found

    def _sessions(self, recorded: Iterable[tuple[datetime, int]], starts: list[datetime]) -> set[Session]:
        """Raises CannotTellError where a restart lies too close to tell before from after."""
        earlier, later = (timedelta(0), _SAME_CLOCK) if self.same_clock else (_OTHER_CLOCK, _OTHER_CLOCK)
        found = set()
        for at, thread in recorded:
            if any(start - earlier <= at < start + later for start in starts):
                raise CannotTellError("the server was restarted while the deployment ran")
            found.add(Session(sum(1 for start in starts if start <= at), thread))
        return found


def undone_later(journal: Journal, entry: DeploymentRecord) -> list[DeploymentRecord]:
    """Deployments of the same target that began after this one and ended in the state before them."""
    return [
        other
        for other in journal.all()
        if other.target == entry.target and other.id > entry.id and other.phase in ("rolled_back", "failed")
    ]


def _recorded(entry: DeploymentRecord, fact: str) -> tuple[tuple[datetime, int], ...]:
    return tuple(
        (datetime.fromisoformat(str(event["at"])), int(thread))
        for event in entry.events
        for thread in event.get(fact, ())
    )
