"""What waits in the outbox is sent: each channel by itself, all at once, within one deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence

from resources.notify.delivery import Delivery
from resources.notify.event import URGENT
from resources.notify.outbox import KEPT, Outbox, Waiting
from resources.notify.plan import Channel, Notify, channels_of
from resources.notify.send import send
from resources.target import Target

DEADLINE = 8.0
"""Seconds of one call of `deliver_due`: a sensor's tick must stay short."""
_FIRST_PAUSE, _LONGEST_PAUSE = 30.0, 3600.0
_SENDING = 120.0
"""After so many seconds whoever was sending is taken for dead."""


def deliver_due(target: Target, *, seconds: float = DEADLINE) -> list[Delivery]:
    """Send everything whose time has come. Raises OSError where the outbox cannot be used."""
    outbox = Outbox(target.storage)
    if not outbox.folder.is_dir():
        return []
    done = deliver(target, outbox, outbox.waiting(), seconds)
    outbox.tidy(max(KEPT, 2 * target.notify.repeat))
    return done


def deliver(target: Target, outbox: Outbox, chosen: Sequence[Waiting], seconds: float) -> list[Delivery]:
    """Send those of `chosen` that are due; returns when all are, or at the deadline."""
    deadline = time.monotonic() + seconds
    deliveries: list[Delivery] = []
    lines = []
    for channel in channels_of(target):
        mine = [one for one in chosen if one.channel == channel.name and is_due(one)]
        if mine:
            mine.sort(key=lambda one: (one.next_at, one.id))
            line = _Line(target.notify, outbox, channel, mine, deadline, deliveries)
            line.start()
            lines.append(line)
    for line in lines:
        line.join(max(0.0, deadline - time.monotonic()) + 0.2)
        if line.is_alive():
            deliveries.append(Delivery(False, None, "it goes on behind", line.channel.name, slow=True))
        elif line.error:
            raise line.error
    return list(deliveries)


def is_due(one: Waiting) -> bool:
    """A time too far away is one that a clock put there which was set back since."""
    return not one.is_final and not 0 < one.next_at - time.time() <= 2 * _LONGEST_PAUSE


def pause(attempts: int) -> float:
    """Seconds until the next attempt: half a minute, two, eight, half an hour, then every hour."""
    return min(_FIRST_PAUSE * 4 ** max(0, attempts - 1), _LONGEST_PAUSE)


class _Line(threading.Thread):
    """One channel's messages, one after the other, until one is not taken."""

    def __init__(
        self,
        notify: Notify,
        outbox: Outbox,
        channel: Channel,
        waiting: Sequence[Waiting],
        deadline: float,
        deliveries: list[Delivery],
    ) -> None:
        super().__init__(name=f"notify-{channel.name}", daemon=True)
        self.channel = channel
        self.error: OSError | None = None
        self._notify, self._outbox, self._waiting = notify, outbox, waiting
        self._deadline, self._deliveries = deadline, deliveries

    def run(self) -> None:
        try:
            with self._outbox.channel_lock(self.channel.name, self._left()) as held:
                if held:
                    self._send_all()
        except OSError as error:
            self.error = error

    def _left(self) -> float:
        return max(0.0, self._deadline - time.monotonic())

    def _send_all(self) -> None:
        for one in self._waiting:
            now = self._outbox.look(one)  # another may have sent it while we waited for the lock
            if now is None or not is_due(now):
                continue
            if self._left() < 0.05:
                return
            delivery = self._attempt(now)
            self._deliveries.append(delivery)
            if not delivery.ok:
                return  # the others would fail alike; those that are due go first next time

    def _attempt(self, one: Waiting) -> Delivery:
        # Said before it is done: if we are killed in between, the next attempt comes later, not at once.
        sending = self._outbox.mark(one, "sending", one.detail, time.time() + _SENDING)
        delivery = send(self.channel, sending, self._notify, self._left())
        now = time.time()
        if delivery.ok:
            self._outbox.mark(sending, "delivered", delivery.detail)
            self._note(last_ok=now, failing_since=0.0, detail=delivery.detail, slow=False)
        elif now - one.at >= self._notify.give_up:
            self._outbox.mark(sending, "given_up", delivery.detail)
            self._note_failure(now, delivery)
        else:
            self._outbox.mark(sending, "waiting", delivery.detail, now + pause(sending.attempts))
            self._note_failure(now, delivery)
        return delivery

    def _note_failure(self, now: float, delivery: Delivery) -> None:
        since = self._outbox.channel_state(self.channel.name).get("failing_since") or now
        self._note(last_failure=now, failing_since=since, detail=delivery.detail, slow=delivery.slow)

    def _note(self, **facts: object) -> None:
        self._outbox.note_channel(self.channel.name, **facts)


__all__ = ["DEADLINE", "URGENT", "deliver", "deliver_due"]
