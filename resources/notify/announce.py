"""Telling people: the event is on the disk first, then every channel that wants it is tried, briefly."""

from __future__ import annotations

from resources import progress
from resources.errors import DbsyncError
from resources.notify.deliver import deliver
from resources.notify.delivery import Delivery
from resources.notify.event import Event
from resources.notify.outbox import Outbox
from resources.notify.plan import channels_of
from resources.target import Target

DEADLINE = 4.0
"""Seconds for all channels together: a release waits so long, and no longer."""


def announce(target: Target, event: Event, *, seconds: float = DEADLINE) -> list[Delivery]:
    """One Delivery per channel that wants this kind; [] where none does, or where it was told already.

    What was not taken waits in the outbox for `deliver_due`. Raises nothing: what people are
    told, or are not, changes nothing else.
    """
    wanting = [one.name for one in channels_of(target) if target.notify.wants(one.name, event.kind)]
    if not wanting:
        return []
    try:
        outbox = Outbox(target.storage)
        identity = outbox.put(event, wanting, target.notify.repeat)
        if identity is None:
            return []
        return deliver(target, outbox, [one for one in outbox.waiting() if one.id == identity], seconds)
    except (OSError, DbsyncError) as error:
        progress.say(f"an alert could not be kept: {error}")
        return [Delivery(False, None, f"the outbox is not writable: {error}", name) for name in wanting]
