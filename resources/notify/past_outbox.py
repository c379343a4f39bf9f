"""A message to channels past outbox and rate: to test them, and where the disk takes nothing."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from uuid import uuid4

from resources.notify.delivery import Delivery
from resources.notify.event import Event
from resources.notify.plan import Channel, channels_of
from resources.notify.send import send
from resources.notify.waiting import Waiting
from resources.target import Target

DEADLINE = 10.0


def prove_channels(target: Target, *, seconds: float = DEADLINE) -> list[Delivery]:
    """A test message to every channel; one Delivery each, in their order. Raises nothing."""
    event = Event(
        kind="heartbeat",
        about="a test of the channels",
        state="test",
        facts={"target": target.name, "reason": "dbsync notify test"},
        next_command="dbsync notify list",
    )
    return send_past_outbox(target, event, [channel.name for channel in channels_of(target)], seconds)


def send_past_outbox(target: Target, event: Event, names: Sequence[str], seconds: float) -> list[Delivery]:
    """To all of these channels at once; what is not taken is lost. `event`: redacted. Raises nothing."""
    identity = f"unkept-{uuid4().hex[:12]}"
    chosen = [channel for channel in channels_of(target) if channel.name in names]
    attempts = [_Attempt(target, channel, event, identity, seconds) for channel in chosen]
    for attempt in attempts:
        attempt.start()
    end = time.monotonic() + seconds + 0.2
    for attempt in attempts:
        attempt.join(max(0.0, end - time.monotonic()))
    return [attempt.delivery for attempt in attempts]


class _Attempt(threading.Thread):
    def __init__(self, target: Target, channel: Channel, event: Event, identity: str, seconds: float) -> None:
        super().__init__(name=f"notify-{channel.name}", daemon=True)
        self._target, self._channel, self._seconds = target, channel, seconds
        self._message = Waiting(identity, channel.name, event, time.time())
        self.delivery = Delivery(False, None, "no answer", channel.name, identity, slow=True)

    def run(self) -> None:
        self.delivery = send(self._channel, self._message, self._target.notify, self._seconds)
