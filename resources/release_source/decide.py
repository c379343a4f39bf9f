"""Whether a commit is to be deployed now. Pure: everything that was looked at comes in as values."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from resources.release_source.attempts import Attempt

TRIES = 5
"""Attempts of the same commit that may end without having begun; then a person must ask."""
FIRST_WAIT = 30.0
"""Seconds before the second one; doubled for each further one."""


@dataclass(frozen=True)
class Candidate:
    """The tip of the watched branch, and what it would change."""

    commit: str
    migrations: str
    pending: tuple[str, ...]
    """Migrations that the database has not got."""
    findings: tuple[str, ...] = ()
    """Why its history would refuse them: an applied migration edited, missing, …"""


@dataclass(frozen=True)
class Seen:
    """What the sensor remembers. May be lost: the journal and Dagster's runs decide without it."""

    commit: str | None = None
    migrations: str | None = None

    @classmethod
    def parse(cls, cursor: str | None) -> Seen:
        """What cannot be read counts as lost."""
        try:
            found = json.loads(cursor or "{}")
            return cls(found.get("commit"), found.get("migrations"))
        except (ValueError, AttributeError):
            return cls()

    def text(self) -> str:
        return json.dumps({"commit": self.commit, "migrations": self.migrations})


@dataclass(frozen=True)
class Launch:
    candidate: Candidate
    attempt: int


@dataclass(frozen=True)
class Skip:
    reason: str


def decide(candidate: Candidate, seen: Seen, attempts: Sequence[Attempt], now: float) -> Launch | Skip:
    """`attempts`: oldest first, of every commit. `now`: seconds since 1970."""
    short = candidate.commit[:12]
    for one in attempts:
        if one.state == "going":
            return Skip(f"commit {one.commit[:12]} is being deployed (attempt {one.number}: {one.outcome})")
    if not candidate.pending and not candidate.findings:
        return Skip(f"commit {short} brings no new migrations")
    number = 1 + max((one.number for one in attempts if one.commit == candidate.commit), default=0)
    tried = [one for one in attempts if one.migrations == candidate.migrations]
    if not tried or tried[-1].asked_again:
        return Launch(candidate, number)
    last = tried[-1]
    if last.state == "not_begun":
        return _again(candidate, tried, number, now)
    came_back = seen.migrations not in (None, candidate.migrations) and candidate.commit != last.commit
    if came_back:
        return Launch(candidate, number)
    return Skip(
        f"the migrations of commit {short} were tried with commit {last.commit[:12]}: {last.outcome}"
        f"{f' (deployment {last.deployment})' if last.deployment else ''}; once more: dbsync retry"
    )


def _again(candidate: Candidate, tried: Sequence[Attempt], number: int, now: float) -> Launch | Skip:
    count = 0
    for one in reversed(tried):
        if one.state != "not_begun" or one.asked_again:
            break
        count += 1
    last = tried[-1]
    said = f"attempt {last.number} of commit {last.commit[:12]} changed nothing: {last.outcome}"
    if count >= TRIES:
        return Skip(f"{said}; {count} attempts ended so, none follows by itself; once more: dbsync retry")
    wait = last.at + FIRST_WAIT * 2 ** (count - 1) - now
    if wait > 0:
        return Skip(f"{said}; the next one in {wait:.0f} s")
    return Launch(candidate, number)


def run_key(target: str, launch: Launch) -> str:
    """Dagster starts one run for it, ever."""
    found = launch.candidate
    return f"release:{target}:{found.migrations}:{found.commit}:{launch.attempt}"
