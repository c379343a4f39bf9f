"""Every try to deploy a commit of the watched branch: recorded by the run that tries."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from resources.errors import (
    AuthenticationError,
    ConnectError,
    DbsyncError,
    GitError,
    LockBusyError,
    NothingToRollBackError,
)
from resources.journal import WAITING_PHASES, DeploymentRecord, Journal
from resources.target import Target

State = Literal["going", "not_begun", "ended"]
"""not_begun: it ended before anything was changed, for a reason that may pass."""
KIND = "commits"
_ASKED = "asked_again"
_MAY_PASS = (ConnectError, LockBusyError, GitError)


@dataclass(frozen=True)
class Attempt:
    commit: str
    migrations: str
    """Digest of their content."""
    number: int
    state: State
    outcome: str
    """What is said of it: released, rolled_back, failed, refused …, and why."""
    at: float
    """Seconds since 1970 of the last word on it."""
    deployment: str | None = None
    asked_again: bool = False
    """A person said `dbsync retry`."""
    run: str | None = None
    """Of Dagster."""


def journal_of(target: Target) -> Journal:
    return Journal(target.storage, KIND)


def recorded(target: Target) -> list[Attempt]:
    """Oldest first. What a dead process left open is judged by what became of its deployment."""
    deployments = Journal(target.storage)
    return [
        _attempt(entry, deployments)
        for entry in journal_of(target).all()
        if entry.target == target.name and "migrations" in entry.facts
    ]


def ask_again(target: Target, commit: str | None = None) -> Attempt:
    """Have the newest attempt (of `commit`) tried once more. Raises NothingToRollBackError where none is."""
    journal = journal_of(target)
    entries = [one for one in journal.all() if one.target == target.name and "migrations" in one.facts]
    chosen = [one for one in entries if commit is None or str(one.facts["commit"]).startswith(commit)]
    if not chosen:
        raise NothingToRollBackError(
            f"no deployment of commit {commit} was tried" if commit else "no commit was tried yet",
            where=target.name,
            hint="dbsync deploy",
        )
    journal.record(chosen[-1].id, _ASKED)
    return _attempt(journal.get(chosen[-1].id), Journal(target.storage))


def may_pass(error: BaseException | None) -> bool:
    """Whether trying again later, without a person, makes sense after this error."""
    return isinstance(error, _MAY_PASS) and not isinstance(error, AuthenticationError)


def with_runs(attempts: Sequence[Attempt], runs: Sequence[Attempt]) -> list[Attempt]:
    """`attempts`, and of Dagster's `runs` those that never came so far as to record one; oldest first."""
    known = {(one.commit, one.number) for one in attempts}
    others = [one for one in runs if (one.commit, one.number) not in known]
    return sorted([*attempts, *others], key=lambda one: one.at)


def _attempt(entry: DeploymentRecord, deployments: Journal) -> Attempt:
    facts = entry.facts
    words = [event for event in entry.events if event["phase"] != _ASKED]
    last = words[-1]
    deployment = facts.get("deployment_id")
    state, outcome = _state(entry, last, deployments, deployment)
    return Attempt(
        commit=str(facts.get("commit", "")),
        migrations=str(facts["migrations"]),
        number=int(facts.get("attempt", 1)),
        state=state,
        outcome=outcome,
        at=datetime.fromisoformat(str(last["at"])).timestamp(),
        deployment=deployment,
        asked_again=entry.phase == _ASKED,
        run=facts.get("run"),
    )


def _state(
    entry: DeploymentRecord, last: object, deployments: Journal, deployment: str | None
) -> tuple[State, str]:
    assert isinstance(last, dict)
    phase = str(last["phase"])
    if phase == "ended":
        outcome = str(last.get("outcome", ""))
        return ("not_begun" if last.get("may_pass") else "ended"), outcome
    if deployment is None:
        if entry.owner_is_alive and entry.phase != _ASKED:
            return "going", "being prepared"
        return "not_begun", "the process was killed before it began"
    try:
        found = deployments.get(deployment)
    except NothingToRollBackError:
        return "not_begun", "its journal is gone"
    if found.is_final or found.phase in WAITING_PHASES:
        untouched = found.phase == "failed" and not found.reached("applying")
        return ("not_begun" if untouched else "ended"), found.phase
    return "going", found.phase


def outcome_of(error: DbsyncError | None, phase: str) -> str:
    return f"{phase}: {error.what}" if error else phase
