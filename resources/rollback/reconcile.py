"""Puts right what killed runs left behind, at every start, behind the deployment lock."""

from __future__ import annotations

from dataclasses import dataclass

from resources.errors import DbsyncError
from resources.journal import DeploymentRecord, Journal
from resources.mysql.leftovers import stop_leftovers
from resources.rollback.rollback import roll_back
from resources.target import Target


@dataclass(frozen=True)
class Reconciled:
    """One deployment that was found unfinished, and what became of it."""

    deployment: str
    phase: str
    """Where it had stopped."""
    outcome: str

    def __str__(self) -> str:
        return f"deployment {self.deployment} was killed in phase `{self.phase}`: {self.outcome}"


def reconcile(target: Target, journal: Journal) -> list[Reconciled]:
    """Finish every unfinished deployment of this target. The caller holds the deployment lock.

    A rollback that a person must decide on is not decided here, and is not reported
    again: it was, when it was refused.
    """
    stop_leftovers(target.state / "servers")
    done: list[Reconciled] = []
    for entry in journal.unfinished(target.name):
        if entry.phase == "rollback_refused" or entry.owner_is_alive:
            continue
        done.append(_finish(target, journal, entry))
    return done


def _finish(target: Target, journal: Journal, entry: DeploymentRecord) -> Reconciled:
    if not entry.reached("applying"):
        journal.record(entry.id, "failed", reason=f"killed in phase {entry.phase}")
        return Reconciled(entry.id, entry.phase, "it had not begun to apply, nothing was changed")
    if entry.reached("healthy") and not entry.reached("rolling_back"):
        # Every gate had passed; only the evidence file was still to be written.
        journal.record(entry.id, "released", record=None)
        return Reconciled(entry.id, entry.phase, "every gate had passed, so it counts as released")
    try:
        result = roll_back(target, journal, entry.id, reason=f"killed in phase {entry.phase}")
    except DbsyncError as error:
        return Reconciled(entry.id, entry.phase, str(error))
    tables = f" ({len(result.tables)} tables put back)" if result.tables else ""
    return Reconciled(entry.id, entry.phase, f"rolled back to the state before it{tables}")
