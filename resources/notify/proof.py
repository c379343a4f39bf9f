"""A test message to every channel, past outbox and rate: what does each answer?"""

from __future__ import annotations

import threading
import time
from uuid import uuid4

from resources.notify.delivery import Delivery
from resources.notify.event import Event
from resources.notify.outbox import Waiting
from resources.notify.plan import Channel, channels_of
from resources.notify.send import send
from resources.target import Target

DEADLINE = 10.0


def prove_channels(target: Target, *, seconds: float = DEADLINE) -> list[Delivery]:
    """One Delivery per channel, in their order. All are asked at once. Raises nothing."""
    event = Event(
        kind="heartbeat",
        about="a test of the channels",
        state="test",
        facts={"target": target.name, "reason": "dbsync notify test"},
        next_command="dbsync notify list",
    )
    probes = [_Probe(target, channel, event, seconds) for channel in channels_of(target)]
    for probe in probes:
        probe.start()
    end = time.monotonic() + seconds + 1
    for probe in probes:
        probe.join(max(0.0, end - time.monotonic()))
    return [probe.delivery for probe in probes]


class _Probe(threading.Thread):
    def __init__(self, target: Target, channel: Channel, event: Event, seconds: float) -> None:
        super().__init__(name=f"prove-{channel.name}", daemon=True)
        self._target, self._channel, self._seconds = target, channel, seconds
        self._message = Waiting(f"test-{uuid4().hex[:12]}", channel.name, event, time.time())
        self.delivery = Delivery(False, None, "no answer", channel.name, self._message.id, slow=True)

    def run(self) -> None:
        self.delivery = send(self._channel, self._message, self._target.notify, self._seconds)
