"""One notice per outcome. A notice that cannot be delivered changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resources import progress
from resources.deployment.record import evidence
from resources.notify.announce import announce
from resources.notify.event import Event, Kind

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment

_KINDS: dict[str, Kind] = {
    "released": "success",
    "failed": "failure",
    "rolled_back": "rollback",
    "reconciled": "rollback",
    "rollback-refused": "decision",
}


def send_notice(
    deployment: Deployment, outcome: str, reason: str | None = None, *, kind: Kind | None = None
) -> None:
    """`outcome`: released, failed, rolled_back, reconciled, or the code of the error that stopped it."""
    error = deployment.error
    event = Event(
        kind=kind or _KINDS.get(outcome, "rollback_incomplete"),
        about=deployment.id or deployment.target.name,
        state=outcome,
        facts=evidence(deployment, outcome, reason),
        next_command=(error and error.hint) or "dbsync status",
    )
    for delivery in announce(deployment.target, event):
        if not delivery.ok:
            progress.say(
                f"the notice to {delivery.channel} could not be delivered ({delivery.detail});"
                " it is kept in the outbox"
            )
