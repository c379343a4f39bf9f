"""One channel's messages, one after the other, until one is not taken."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

from resources.notify.delivery import Delivery
from resources.notify.event import URGENT, Event
from resources.notify.outbox import Outbox
from resources.notify.pace import Pace
from resources.notify.plan import Channel, Notify
from resources.notify.send import send
from resources.notify.waiting import Waiting

_FIRST_PAUSE, LONGEST_PAUSE = 30.0, 3600.0
_SENDING = 60.0
"""After so many seconds whoever was sending is taken for dead."""
_LEAST = 0.05
"""Seconds below which nothing is begun."""


def is_due(one: Waiting) -> bool:
    """A time too far away is one that a clock put there which was set back since."""
    return not one.is_final and not 0 < one.next_at - time.time() <= 2 * LONGEST_PAUSE


def pause(attempts: int) -> float:
    """Seconds until the next attempt: half a minute, two, eight, half an hour, then every hour."""
    return min(_FIRST_PAUSE * 4 ** max(0, attempts - 1), LONGEST_PAUSE)


@dataclass(frozen=True)
class Job:
    """What one channel has to do. `deadline`: of time.monotonic()."""

    notify: Notify
    outbox: Outbox
    channel: Channel
    waiting: Sequence[Waiting]
    deadline: float
    target: str

    @property
    def left(self) -> float:
        return max(0.0, self.deadline - time.monotonic())


class ChannelLine(threading.Thread):
    """Whoever holds the channel's lock sends; what another has sent meanwhile is not sent again."""

    def __init__(self, job: Job) -> None:
        super().__init__(name=f"notify-{job.channel.name}", daemon=True)
        self.job = job
        self.deliveries: list[Delivery] = []
        self.given_up: list[Waiting] = []
        self.error: Exception | None = None

    def run(self) -> None:
        try:
            with self.job.outbox.channel_lock(self.job.channel.name, self.job.left) as held:
                if held:
                    self._send_all()
        except Exception as error:  # noqa: BLE001 - it is raised again where this thread is joined
            self.error = error

    def _send_all(self) -> None:
        outbox = self.job.outbox
        now = [outbox.look(one) for one in self.job.waiting]
        due = [one for one in now if one is not None and is_due(one)]
        held = [one for one in due if one.progress == "held"]
        if len(held) > 1 and self.job.left >= _LEAST:
            if not self._sum_up(held):
                return
            due = [one for one in due if one not in held]
        for one in due:
            if self.job.left < _LEAST:
                return
            if not self._send_or_hold(one):
                return  # the others would fail alike; those that are due go first next time

    def _send_or_hold(self, one: Waiting) -> bool:
        """False where the channel did not take it."""
        pace = self._pace()
        passes = one.event.kind in URGENT or self.job.channel.service == "webhook" or one.progress == "held"
        if pace.is_full and not passes:
            number, seconds = self.job.notify.rate
            detail = f"held back: {number} messages in {seconds:g} s"
            self.job.outbox.mark(one, "held", detail, pace.next_summary)
            self._note(summary_at=pace.next_summary)
            return True
        return self._attempt(one, [one])

    def _sum_up(self, held: Sequence[Waiting]) -> bool:
        digest = sha256("\n".join(sorted(one.id for one in held)).encode()).hexdigest()[:12]
        told = [f"{one.event.kind} {one.event.about} {one.event.state}" for one in held]
        event = Event(
            kind="monitoring",
            about=f"{len(held)} more alerts",
            state="held back",
            facts={"target": self.job.target, "more": told},
            next_command="dbsync notify list",
        )
        summary = replace(held[-1], id=f"summary-{digest}", event=event)
        return self._attempt(summary, held)

    def _attempt(self, message: Waiting, covered: Sequence[Waiting]) -> bool:
        """Send `message`, and record the outcome for everything it stands for."""
        outbox, notify = self.job.outbox, self.job.notify
        # Said before it is done: if we are killed in between, the next attempt comes later, not at once.
        sending = [outbox.mark(one, "sending", one.detail, time.time() + _SENDING) for one in covered]
        delivery = send(self.job.channel, message, notify, self.job.left)
        self.deliveries.append(delivery)
        now = time.time()
        for one, before in zip(sending, covered, strict=True):
            if delivery.ok:
                detail = delivery.detail if one.id == message.id else f"in {message.id}: {delivery.detail}"
                outbox.mark(one, "delivered", detail)
            elif now - one.since >= notify.give_up:
                self.given_up.append(outbox.mark(one, "given_up", delivery.detail))
            else:
                again = now + max(pause(one.attempts), delivery.retry_after)
                progress = "held" if before.progress == "held" else "waiting"
                outbox.mark(one, progress, delivery.detail, again)
        if delivery.ok:
            sent = self._pace().with_one_more()
            self._note(last_ok=now, failing_since=0.0, detail=delivery.detail, slow=False, **sent)
        else:
            since = outbox.channel_state(self.job.channel.name).get("failing_since") or now
            self._note(last_failure=now, failing_since=since, detail=delivery.detail, slow=delivery.slow)
        return delivery.ok

    def _pace(self) -> Pace:
        state = self.job.outbox.channel_state(self.job.channel.name)
        return Pace(self.job.notify.rate, state, time.time())

    def _note(self, **facts: object) -> None:
        self.job.outbox.note_channel(self.job.channel.name, **facts)
