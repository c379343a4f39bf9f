"""What waits in the outbox is sent: each channel by itself, all at once, within one deadline."""

from __future__ import annotations

import time
from collections.abc import Sequence

from resources.notify.channel_line import ChannelLine, Job, is_due
from resources.notify.delivery import Delivery
from resources.notify.next_channel import add_next_channels, tell_of_given_up
from resources.notify.outbox import KEPT, Outbox
from resources.notify.plan import channels_of
from resources.notify.waiting import Waiting
from resources.target import Target

DEADLINE = 6.0
"""Seconds of one call of `deliver_due`: a sensor's tick must stay short."""
_LEFT_ALONE = 60.0
"""Seconds for which nobody waits again for a channel whose time ran out."""


def deliver_due(target: Target, *, seconds: float = DEADLINE) -> list[Delivery]:
    """Send everything whose time has come. Raises OSError where the outbox cannot be used.

    An event that no channel of its own took goes to the next one, too; what is given up after
    NOTIFY_GIVE_UP is told elsewhere.
    """
    outbox = Outbox(target.storage)
    if not outbox.folder.is_dir():
        return []
    end = time.monotonic() + seconds
    _drop_unknown_channels(target, outbox)
    done = deliver(target, outbox, outbox.waiting(), seconds * 2 / 3)
    if further := add_next_channels(target, outbox, outbox.waiting()):
        done += deliver(target, outbox, further, max(0.0, end - time.monotonic()))
    outbox.tidy(max(KEPT, 2 * target.notify.repeat))
    return done


def deliver(
    target: Target, outbox: Outbox, chosen: Sequence[Waiting], seconds: float, *, in_a_hurry: bool = False
) -> list[Delivery]:
    """Send those of `chosen` that are due; returns when all are, or at the deadline.

    in_a_hurry: a channel whose time ran out a moment ago is not waited for again. Raises OSError.
    """
    deadline = time.monotonic() + seconds
    deliveries: list[Delivery] = []
    lines: list[ChannelLine] = []
    for channel in channels_of(target):
        mine = sorted(
            (one for one in chosen if one.channel == channel.name and is_due(one)),
            key=lambda one: (one.next_at, one.id),
        )
        if not mine:
            continue
        if in_a_hurry and _left_alone(outbox, channel.name):
            detail = "it did not answer a moment ago; it is tried again later"
            deliveries.append(Delivery(False, None, detail, channel.name, mine[0].id))
            continue
        lines.append(ChannelLine(Job(target.notify, outbox, channel, mine, deadline, target.name)))
    for line in lines:
        line.start()
    for line in lines:
        line.join(max(0.0, deadline - time.monotonic()) + 0.1)
        if line.error:
            raise line.error
        deliveries += line.deliveries
        if not line.deliveries and any(one.progress != "held" for one in line.job.waiting):
            deliveries += _unsent(outbox, line, in_a_hurry)
    tell_of_given_up(target, outbox, [one for line in lines for one in line.given_up])
    return deliveries


def _unsent(outbox: Outbox, line: ChannelLine, in_a_hurry: bool) -> list[Delivery]:
    """The channel is at work for another process, or on what it was sent before."""
    first = outbox.look(line.job.waiting[0])
    if first is None or first.progress == "held" or not in_a_hurry:
        return []  # sent meanwhile, or to be summed up
    return [
        Delivery(False, None, "the channel is busy; it is tried again later", line.job.channel.name, first.id)
    ]


def _left_alone(outbox: Outbox, channel: str) -> bool:
    state = outbox.channel_state(channel)
    return bool(state.get("slow")) and 0 <= time.time() - state.get("last_failure", 0.0) < _LEFT_ALONE


def _drop_unknown_channels(target: Target, outbox: Outbox) -> None:
    """What waits for a channel that is set no longer goes to those that are set instead."""
    known = [channel.name for channel in channels_of(target)]
    waiting = outbox.waiting()
    for one in waiting:
        if one.channel not in known and not one.is_final:
            if not any(other.id == one.id and other.channel in known for other in waiting):
                wanting = [name for name in known if target.notify.wants(name, one.event.kind)]
                outbox.add_channels(one.id, wanting)
            outbox.mark(one, "given_up", "this channel is no longer set")
