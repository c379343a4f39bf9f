"""One look at the watched branch: what its tip would change, and whether it is to be deployed now."""

from __future__ import annotations

import time
from collections.abc import Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotYet
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from resources.errors import CommitRefusedError, ConnectError, DbsyncError
from resources.git.mirror import Mirror
from resources.journal import WAITING_PHASES, DeploymentRecord, Journal
from resources.prisma.status import MigrationStatus, migration_status
from resources.release_source.allowed import require_allowed
from resources.release_source.attempts import Attempt, recorded, with_runs
from resources.release_source.ci import ci_verdict
from resources.release_source.content import content_digest
from resources.release_source.decide import Candidate, Launch, Seen, Skip, decide
from resources.release_source.exported import export_migrations, mirror_of
from resources.release_source.source import Source
from resources.target import Target

FETCH_WITHIN = 5.0
"""Seconds that a look waits for git; a longer fetch goes on, and the next look has it."""
_CONNECT_WITHIN = 2.0
_fetching: dict[Path, Future[str]] = {}
_threads = ThreadPoolExecutor(1, thread_name_prefix="git-fetch")


@dataclass(frozen=True)
class Look:
    """`refused`: the commit may not be deployed, and people should hear why."""

    decision: Launch | Skip
    seen: Seen
    author: str = ""
    rewritten: str | None = None
    """The tip that was seen before and is no ancestor of this one."""
    refused: CommitRefusedError | None = None


def look(target: Target, source: Source, seen: Seen, runs: Sequence[Attempt]) -> Look:
    """`runs`: Dagster's runs of this target, as attempts. Changes nothing but the mirror.

    Raises nothing that a database or repository which is not there could cause: that is the
    reason of a Skip, and the next look asks again.
    """
    attempts = with_runs(recorded(target), runs)
    for one in attempts:
        if one.state == "going":
            # Before git and the database are asked for what nobody could decide on.
            said = _open_deployment(target) or one.outcome
            return Look(Skip(f"commit {one.commit[:12]} is being deployed: {said}"), seen)
    if open_one := _open_deployment(target):
        return Look(Skip(open_one), seen)
    mirror = mirror_of(target, source)
    try:
        tip = fetch_within(mirror, source.branch, FETCH_WITHIN)
        if tip is None:
            return Look(Skip("the branch is being fetched; it takes longer than a look may"), seen)
        return _look_at(target, source, mirror, tip, seen, attempts)
    except ConnectError as error:
        return Look(Skip(f"the database cannot be asked: {_line(error)}"), seen)
    except DbsyncError as error:
        return Look(Skip(_line(error)), seen)


def _look_at(
    target: Target, source: Source, mirror: Mirror, tip: str, seen: Seen, attempts: Sequence[Attempt]
) -> Look:
    rewritten = seen.commit if seen.commit and not mirror.contains(tip, seen.commit) else None
    exported = export_migrations(mirror, source, tip, target.state / "commits" / f"look-{uuid4().hex[:8]}")
    try:
        status = _status(target, exported.migrations)
    finally:
        exported.remove()
    candidate = Candidate(
        commit=tip,
        migrations=content_digest(exported.files),
        pending=tuple(status.pending_names),
        findings=_findings(status),
    )
    now = Seen(tip, candidate.migrations)
    decision = decide(candidate, seen, attempts, time.time())
    author = mirror.describe(tip).author
    if isinstance(decision, Skip):
        return Look(_shown(decision, rewritten), now, author, rewritten)
    folders = [f"{exported.inside}/{name}" for name in candidate.pending]
    try:
        require_allowed(mirror, source, tip, folders)
        verdict, said = ci_verdict(source, tip)
        if verdict == "failure":
            raise CommitRefusedError(
                f"commit {tip[:12]} is not deployed: {said}", hint="push a commit that passes"
            )
    except CommitRefusedError as error:
        # Not remembered as seen: once it may be deployed it is still new.
        return Look(Skip(f"refused: {_line(error)}"), seen, author, rewritten, error)
    if verdict == "pending":
        return Look(Skip(f"commit {tip[:12]} waits: {said}"), seen, author, rewritten)
    return Look(decision, now, author, rewritten)


def _open_deployment(target: Target) -> str:
    """Why nothing may begin now: a deployment that somebody else started owes something."""
    entries = [one for one in Journal(target.storage).all() if one.target == target.name]
    for entry in entries:
        if entry.phase in WAITING_PHASES:
            if any(one.phase == "released" and one.id > entry.id for one in entries):
                continue  # a person decided by releasing something later
            return f"deployment {entry.id} waits for a person: dbsync rollback --deployment {entry.id}"
        if not entry.is_final:
            return f"deployment {entry.id} has not ended: {entry.phase}{_if_killed(entry)}"
    return ""


def _if_killed(entry: DeploymentRecord) -> str:
    """Whatever starts next puts it right; without the sensor reconcile a person starts something."""
    return "" if entry.owner_is_alive else "; its process was killed: the sensor reconcile, or dbsync check"


def _status(target: Target, migrations: Path) -> MigrationStatus:
    quick = replace(target.endpoint, connect_timeout=min(target.endpoint.connect_timeout, _CONNECT_WITHIN))
    policy = replace(target.policy, connect_retries=0)
    return migration_status(replace(target, migrations=migrations, endpoint=quick, policy=policy))


def _findings(status: MigrationStatus) -> tuple[str, ...]:
    if status.foreign_tables:
        return (f"`{status.foreign_tables[0]}` and no migration history (Prisma P3005)",)
    return tuple(finding.what for finding in status.refused_findings)


def fetch_within(mirror: Mirror, branch: str, seconds: float) -> str | None:
    """The branch's tip, or None while the fetch takes longer: it goes on beside. Raises GitError."""
    running = _fetching.get(mirror.folder)
    if running is None:
        running = _fetching[mirror.folder] = _threads.submit(mirror.fetch, branch)
    try:
        tip = running.result(seconds)
    except NotYet:
        return None
    except BaseException:
        _fetching.pop(mirror.folder, None)
        raise
    _fetching.pop(mirror.folder, None)
    return tip


def _shown(skip: Skip, rewritten: str | None) -> Skip:
    if rewritten is None:
        return skip
    return Skip(f"{skip.reason}; the branch was rewritten: commit {rewritten[:12]} is not in it any more")


def _line(error: DbsyncError) -> str:
    return ": ".join(filter(None, (error.what, error.why)))
