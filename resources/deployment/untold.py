"""Deployments that ended without anybody being told: their process died between its last two words."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from resources.deployment.notice import kind_of
from resources.journal import DeploymentRecord, Journal
from resources.notify.announce import announce
from resources.notify.delivery import Delivery
from resources.notify.event import Event
from resources.notify.outbox import Outbox
from resources.notify.plan import channels_of
from resources.target import Target

_ENDS = frozenset({"released", "failed", "rolled_back", "rollback_refused"})
_LOOKED_AT = 20
_YOUNG = timedelta(days=1)
"""Well below what the outbox keeps, or an old deployment would be told of once more."""


def tell_untold(target: Target) -> list[Delivery]:
    """Announce how they ended. The outbox knows what was told, so each is told once. Raises OSError."""
    if not channels_of(target):
        return []
    return [delivery for entry in untold(target) for delivery in announce(target, _event(entry))]


def untold(target: Target) -> list[DeploymentRecord]:
    """Of this target, begun with a channel set, oldest first. Raises OSError."""
    outbox = Outbox(target.storage)
    return [
        entry
        for entry in Journal(target.storage).newest(_LOOKED_AT)
        if entry.target == target.name
        and entry.facts.get("tells")
        and entry.phase in _ENDS
        and _is_young(entry)
        and not entry.owner_is_alive
        and not outbox.knows_of(entry.id)
    ]


def _is_young(entry: DeploymentRecord) -> bool:
    return datetime.now(UTC) - datetime.fromisoformat(entry.begun_at) < _YOUNG


def _event(entry: DeploymentRecord) -> Event:
    reason = entry.facts.get("reason")
    return Event(
        kind=kind_of(entry.phase),
        about=entry.id,
        state=entry.phase,
        facts={
            "deployment": entry.id,
            "target": entry.target,
            "outcome": entry.phase,
            "reason": f"{reason or 'it ended so'}; its process was killed before it could tell",
            "commit": {"id": entry.facts["commit"]} if entry.facts.get("commit") else None,
            "backup_id": entry.facts.get("backup_id"),
        },
        next_command="dbsync status",
    )
