"""Where an event goes that its own channels did not take, and who hears of channels that fail."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from resources.notify.event import Event
from resources.notify.outbox import Outbox
from resources.notify.plan import channels_of
from resources.notify.waiting import Waiting
from resources.target import Target


def others(target: Target, failing: Iterable[str]) -> list[str]:
    """The channels that are told in place of `failing`: NOTIFY_WATCHDOG, else all the others."""
    failed = set(failing)
    names = [channel.name for channel in channels_of(target) if channel.name not in failed]
    return [target.notify.watchdog] if target.notify.watchdog in names else names


def add_next_channels(target: Target, outbox: Outbox, waiting: Sequence[Waiting]) -> list[Waiting]:
    """Events that every channel of theirs has failed to take get the next channels; what now waits there.

    Good news do not: nobody is harmed when they come late.
    """
    added: list[Waiting] = []
    for identity in dict.fromkeys(one.id for one in waiting):
        mine = [one for one in waiting if one.id == identity]
        failed = all(one.attempts and one.progress in ("waiting", "given_up") for one in mine)
        if mine[0].event.kind == "success" or not failed:
            continue
        names = others(target, (one.channel for one in mine))
        if names:
            outbox.add_channels(identity, names)
            added += [one for one in outbox.of(identity) if one.channel in names]
    return added


def tell_of_given_up(target: Target, outbox: Outbox, given_up: Sequence[Waiting]) -> None:
    """On the other channels; but not of news about the alerts themselves, which would go round in circles."""
    for channel in dict.fromkeys(one.channel for one in given_up if one.event.kind != "heartbeat"):
        mine = [one for one in given_up if one.channel == channel]
        if names := others(target, [channel]):
            outbox.put(given_up_event(target, channel, mine), names, target.notify.repeat)


def given_up_event(target: Target, channel: str, given_up: Sequence[Waiting]) -> Event:
    return Event(
        kind="heartbeat",
        about=f"alerts to {channel}",
        state="given up",
        facts={
            "target": target.name,
            "channel": channel,
            "given_up": [f"{one.event.kind} {one.event.about} {one.event.state}" for one in given_up],
            "detail": given_up[0].detail,
        },
        next_command="dbsync notify retry",
    )
