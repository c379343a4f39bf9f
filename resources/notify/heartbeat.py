"""Making silence visible: that alerts can be delivered is said, and that they cannot, elsewhere.

`<storage>/outbox/heartbeat.json` holds when the sensor `alerts` last ticked, when people last heard that
all is well, and when the dead man's switch was last asked.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path

from resources.durable_file import write_durably
from resources.http.reach import Reach
from resources.notify.announce import announce, tell
from resources.notify.delivery import Delivery
from resources.notify.event import Event
from resources.notify.next_channel import others
from resources.notify.outbox import Outbox, read_json
from resources.notify.plan import channels_of
from resources.notify.request import request
from resources.notify.waiting import text_of
from resources.target import Target

FAILING_AFTER = 600.0
"""Seconds of failing after which a channel is called dead, and without a tick the sensor."""
_PING_EVERY = 60.0
_TELL_SECONDS = 2.0


@dataclass(frozen=True)
class Failing:
    channel: str
    since: float
    detail: str


@dataclass(frozen=True)
class Beat:
    """Seconds since 1970; 0: never."""

    ticked: float = 0.0
    alive: float = 0.0
    pinged: float = 0.0

    @property
    def silence(self) -> float:
        """Seconds since the sensor's last tick; 0 where it never ran, or a clock was set back."""
        return max(0.0, time.time() - self.ticked) if self.ticked else 0.0


def last_beat(target: Target) -> Beat:
    stored = read_json(_path(target))
    return Beat(*(float(stored.get(name, 0.0)) for name in ("ticked", "alive", "pinged")))


def failing_channels(target: Target) -> list[Failing]:
    """Channels that have taken nothing for FAILING_AFTER seconds, though there was something to take."""
    outbox, found = Outbox(target.storage), []
    for channel in channels_of(target):
        state = outbox.channel_state(channel.name)
        since = float(state.get("failing_since") or 0.0)
        if since and time.time() - since >= FAILING_AFTER:
            found.append(Failing(channel.name, since, str(state.get("detail", ""))))
    return found


def beat(target: Target, *, seconds: float = 4.0) -> list[Delivery]:
    """One tick: what fails is told elsewhere, and where nothing does, that all is well. Raises OSError.

    What cannot be sent within `seconds` waits in the outbox.
    """
    end = time.monotonic() + seconds
    before = last_beat(target)
    told: list[Delivery] = []
    if target.notify.heartbeat and before.silence > max(target.notify.heartbeat, FAILING_AFTER):
        told += tell_of_silence(target, before, "was silent", seconds=_share(end))
    failing = failing_channels(target)
    for one in failing:
        told += _tell_of_failing(target, one, _share(end))
    now, alive, pinged = time.time(), before.alive, before.pinged
    if not failing:
        if target.notify.heartbeat and not 0 <= now - alive < target.notify.heartbeat:
            told += announce(target, _alive(target), seconds=_share(end))
            alive = now
        if target.notify.heartbeat_url and not 0 <= now - pinged < _PING_EVERY:
            told.append(_ping(target, target.notify.heartbeat_url, end))
            pinged = now
    _path(target).parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    facts = {"ticked": now, "alive": alive, "pinged": pinged}
    write_durably(_path(target), json.dumps(facts).encode())
    return told


def tell_of_silence(
    target: Target, before: Beat, state: str = "silent", *, seconds: float = _TELL_SECONDS
) -> list[Delivery]:
    """To NOTIFY_WATCHDOG, else to all: the sensor `alerts` does not, or did not, run."""
    event = Event(
        kind="heartbeat",
        about=f"the sensor alerts of {target.name}",
        state=state,
        facts={"target": target.name, "since": text_of(before.ticked), "seconds": round(before.silence)},
        next_command="dbsync notify outbox",
    )
    return tell(target, event, others(target, ()), seconds=seconds)


def _share(end: float) -> float:
    return max(0.0, min(_TELL_SECONDS, end - time.monotonic()))


def _tell_of_failing(target: Target, one: Failing, seconds: float) -> list[Delivery]:
    event = Event(
        kind="heartbeat",
        about=f"alerts to {one.channel}",
        state="failing",
        facts={
            "target": target.name,
            "channel": one.channel,
            "since": text_of(one.since),
            "detail": one.detail,
        },
        next_command="dbsync notify test",
    )
    return tell(target, event, others(target, [one.channel]), seconds=seconds)


def _alive(target: Target) -> Event:
    return Event(
        kind="heartbeat",
        about=target.name,
        # The day and time, so that no heartbeat is taken for a repeated one.
        state=f"alive at {text_of(time.time())}",
        facts={"target": target.name},
        next_command="dbsync status",
    )


def _ping(target: Target, url: str, end: float) -> Delivery:
    reach = Reach(named=target.notify.allow_private)
    answered = request(url, None, reach, max(0.5, _share(end)), lambda _: "")
    if not answered.ok:
        event = Event(
            kind="heartbeat",
            about="NOTIFY_HEARTBEAT_URL",
            state="failing",
            facts={"target": target.name, "detail": answered.detail},
            next_command="dbsync notify list",
        )
        tell(target, event, others(target, ()), seconds=_share(end))
    return Delivery(answered.ok, answered.status, answered.detail, "heartbeat-url")


def _path(target: Target) -> Path:
    return target.storage / "outbox" / "heartbeat.json"
