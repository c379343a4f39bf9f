"""Telling people: the event is on the disk first, then every channel that wants it is tried, briefly."""

from __future__ import annotations

import time
from dataclasses import replace

from resources import progress
from resources.notify.bounded import bounded_event
from resources.notify.deliver import deliver
from resources.notify.delivery import Delivery
from resources.notify.event import Event
from resources.notify.next_channel import add_next_channels, others
from resources.notify.outbox import Outbox
from resources.notify.past_outbox import send_past_outbox
from resources.notify.plan import channels_of
from resources.redact import redact
from resources.target import Target

DEADLINE = 4.0
"""Seconds for all channels together: a release waits so long, and no longer."""


def announce(target: Target, event: Event, *, seconds: float = DEADLINE) -> list[Delivery]:
    """One Delivery per channel that was tried; [] where none wants this kind, or where it was told already.

    What was not taken waits in the outbox for `deliver_due`; where no channel took it, the next
    ones are tried in the time that is left. Raises nothing: what people are told, or are not,
    changes nothing else.
    """
    wanting = [one.name for one in channels_of(target) if target.notify.wants(one.name, event.kind)]
    return tell(target, event, wanting, seconds=seconds)


def tell(target: Target, event: Event, wanting: list[str], *, seconds: float = DEADLINE) -> list[Delivery]:
    """As `announce`, to these channels whatever they want."""
    if not wanting:
        return []
    begun = time.monotonic()
    try:
        return _tell(target, event, wanting, seconds)
    except Exception as error:  # noqa: BLE001 - an alert must never make a deployment fail
        why = f"the outbox is not usable: {redact(str(error) or type(error).__name__)}"
        progress.say(f"an alert is sent without being kept: {why}")
        left = max(0.1, seconds - (time.monotonic() - begun))
        sent = send_past_outbox(target, bounded_event(event), wanting, left)
        return [one if one.ok else replace(one, detail=f"{one.detail}; {why}") for one in sent]


def _tell(target: Target, event: Event, wanting: list[str], seconds: float) -> list[Delivery]:
    end = time.monotonic() + seconds
    outbox = Outbox(target.storage)
    identity = outbox.put(event, wanting, target.notify.repeat)
    if identity is None:
        return []
    has_others = event.kind != "success" and bool(others(target, wanting))
    first = seconds * 2 / 3 if has_others else seconds
    done = deliver(target, outbox, outbox.of(identity), first, in_a_hurry=True)
    if has_others and not any(delivery.ok for delivery in done):
        further = add_next_channels(target, outbox, outbox.of(identity))
        done += deliver(target, outbox, further, max(0.0, end - time.monotonic()), in_a_hurry=True)
    return done
