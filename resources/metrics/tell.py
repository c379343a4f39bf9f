"""Tells people of a condition that came, grew, or went."""

from __future__ import annotations

from resources import progress
from resources.metrics.conditions import Condition
from resources.notify.announce import announce
from resources.notify.event import Event
from resources.target import Target


def tell(target: Target, condition: Condition) -> None:
    """Raises nothing: what is not delivered waits in the outbox."""
    progress.say(f"monitoring: {condition.name} is {condition.level}: {condition.reason}")
    announce(
        target,
        Event(
            "monitoring",
            about=condition.name,
            state=condition.level,
            facts={"target": target.name, "reason": condition.reason, "area": condition.area},
            next_command="dbsync monitor",
        ),
    )
