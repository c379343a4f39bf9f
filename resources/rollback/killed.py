"""Deployments whose process is gone, and when the next try to put them right is due."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from resources.journal import WAITING_PHASES, DeploymentRecord, Journal
from resources.rollback.reconcile import unfinished
from resources.target import Target

TRIES = 8
FIRST_WAIT = 10.0
"""Seconds until the second try; doubled for each further one, LONGEST_WAIT at most."""
LONGEST_WAIT = 600.0


def killed(target: Target) -> list[DeploymentRecord]:
    """Deployments and restores of this machine that owe something and have no process; oldest first."""
    return [
        entry
        for entry in unfinished(target, Journal(target.storage))
        if entry.phase not in WAITING_PHASES
        and (entry.phase == "rollback_incomplete" or (entry.is_local and not entry.owner_is_alive))
    ]


@dataclass(frozen=True)
class Tried:
    """What the sensor remembers: of which deployments it asked, how often, when last. May be lost."""

    ids: tuple[str, ...] = ()
    tries: int = 0
    at: float = 0.0

    @classmethod
    def parse(cls, cursor: str | None) -> Tried:
        try:
            found = json.loads(cursor or "{}")
            return cls(tuple(found.get("ids", ())), int(found.get("tries", 0)), float(found.get("at", 0)))
        except (ValueError, TypeError, AttributeError):
            return cls()

    def text(self) -> str:
        return json.dumps({"ids": self.ids, "tries": self.tries, "at": self.at})


def due(entries: Sequence[DeploymentRecord], tried: Tried, now: float) -> tuple[Tried | None, str]:
    """The try that is due now, or None and why none is. `now`: seconds since 1970."""
    ids = tuple(entry.id for entry in entries)
    if not ids:
        return None, "no deployment was killed"
    if ids != tried.ids:
        return Tried(ids, 1, now), ""
    if tried.tries >= TRIES:
        return None, f"deployment {ids[0]} could not be put right in {TRIES} tries; a person: dbsync status"
    wait = tried.at + min(LONGEST_WAIT, FIRST_WAIT * 2 ** (tried.tries - 1)) - now
    if wait > 0:
        return None, f"deployment {ids[0]} is tried again in {wait:.0f} s"
    return Tried(ids, tried.tries + 1, now), ""
