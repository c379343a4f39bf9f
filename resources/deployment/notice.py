"""What a deployment, or another change to the target, tells people. Telling changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from resources import progress
from resources.deployment.record import evidence
from resources.errors import (
    BackupCorruptError,
    BackupKeyError,
    ConnectError,
    DbsyncError,
    DiskFullError,
    EnvironmentCheckError,
    RemoteStorageError,
    RestoreFailedError,
    RollbackFailedError,
)
from resources.notify.announce import announce
from resources.notify.event import Event, Kind
from resources.notify.plan import channels_of

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment

T = TypeVar("T")
_KINDS: Mapping[str, Kind] = {
    "released": "success",
    "failed": "failure",
    "rolled_back": "rollback",
    "rollback_refused": "decision",
    "rollback-refused": "decision",
}
"""Outcomes of a deployment, and of one that was killed and put right; any other means it is not put right."""
_RESTORES: Mapping[type[DbsyncError], Kind] = {
    RestoreFailedError: "rollback_incomplete",
    RollbackFailedError: "rollback_incomplete",
    BackupCorruptError: "backup",
    BackupKeyError: "failure",
    ConnectError: "failure",
    DiskFullError: "failure",
    EnvironmentCheckError: "failure",
    RemoteStorageError: "failure",
}
"""Failures of a restore, or a rollback by hand, that are told; a refusal whoever typed it has read."""


def send_notice(
    deployment: Deployment,
    outcome: str,
    reason: str | None = None,
    *,
    kind: Kind | None = None,
    about: str | None = None,
    next_command: str | None = None,
    facts: Mapping[str, Any] | None = None,
) -> None:
    """`outcome`: released, failed, rolled_back, reconciled, or the code of the error that stopped it.

    What it is about is the deployment; before there is one, the target at its commit: the same
    refusal of the same commit is told once.
    """
    if not channels_of(deployment.target):
        return
    commit = f" {deployment.commit.id[:12]}" if deployment.commit else ""
    error = deployment.error
    event = Event(
        kind=kind or kind_of(outcome),
        about=about or deployment.id or f"{deployment.target.name}{commit}",
        state=outcome if outcome != "failed" or deployment.id or not error else error.code,
        facts={**evidence(deployment, outcome, reason), **(facts or {})},
        next_command=next_command or (error and error.hint) or "dbsync status",
    )
    for delivery in announce(deployment.target, event):
        if not delivery.ok:
            progress.say(
                f"the notice to {delivery.channel} could not be delivered ({delivery.detail});"
                " it is kept in the outbox: dbsync notify outbox"
            )


def kind_of(outcome: str) -> Kind:
    """Of how a deployment ended, or a killed restore ("abandoned": it has to be typed again)."""
    return _KINDS.get(outcome, "rollback_incomplete")


def telling_of_failure(deployment: Deployment, what: str, work: Callable[[], T]) -> T:
    """Do `work`, a restore or a rollback that a person asked for; where it fails, people are told.

    `what` names it: "restore of 2026…". Raises what `work` raises.
    """
    try:
        return work()
    except DbsyncError as error:
        kinds: list[Kind] = [kind for failure, kind in _RESTORES.items() if isinstance(error, failure)]
        if kinds:
            about = f"{what} on {deployment.target.name}"
            send_notice(
                deployment,
                error.code,
                error.what,
                kind=kinds[0],
                about=about,
                next_command=error.hint,
            )
        raise
