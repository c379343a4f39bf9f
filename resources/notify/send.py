"""One message to one channel, by that service's sender."""

from __future__ import annotations

from dataclasses import replace

from resources.notify.delivery import Delivery
from resources.notify.outbox import Waiting
from resources.notify.plan import Channel, Notify
from resources.notify.services import webhook


def send(channel: Channel, one: Waiting, notify: Notify, seconds: float) -> Delivery:
    """Raises nothing. `seconds` for everything: name resolution, sending, the whole answer."""
    del notify
    delivery = webhook.send(channel, one, seconds)
    return replace(delivery, channel=channel.name, event=one.id)
