"""One notice per outcome. A notice that cannot be delivered changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resources import progress
from resources.deployment.record import evidence
from resources.notify.webhook import notify

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment


def send_notice(deployment: Deployment, outcome: str, reason: str | None = None) -> None:
    if not deployment.target.webhook:
        return
    delivery = notify(
        deployment.target.webhook, evidence(deployment, outcome, reason), deployment.target.storage
    )
    if not delivery.ok:
        progress.say(f"the notice could not be delivered ({delivery.detail}); it is kept in the outbox")
