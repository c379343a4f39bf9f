"""How each channel stands, for people to look at."""

from __future__ import annotations

from dataclasses import asdict, dataclass

from resources.notify.event import KINDS
from resources.notify.outbox import Outbox
from resources.notify.plan import channels_of
from resources.notify.waiting import text_of
from resources.target import Target


@dataclass(frozen=True)
class ChannelStatus:
    """Times as UTC text, "" for never."""

    name: str
    service: str
    events: str
    """Kinds, comma-separated; `*` for all, `none`."""
    last_ok: str
    since: str
    """From when on it has taken nothing."""
    waiting: int
    detail: str
    """Of its last attempt."""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


def channel_status(target: Target) -> list[ChannelStatus]:
    outbox = Outbox(target.storage)
    waiting = [one for one in outbox.waiting() if not one.is_final]
    found: list[ChannelStatus] = []
    for channel in channels_of(target):
        state = outbox.channel_state(channel.name)
        kinds = [kind for kind in KINDS if target.notify.wants(channel.name, kind)]
        found.append(
            ChannelStatus(
                channel.name,
                channel.service,
                "*" if len(kinds) == len(KINDS) else ", ".join(kinds) or "none",
                _time(state.get("last_ok")),
                _time(state.get("failing_since")),
                sum(one.channel == channel.name for one in waiting),
                str(state.get("detail", "")),
            )
        )
    return found


def undelivered(target: Target) -> dict[str, int]:
    """How many messages wait for another attempt, and how many were given up."""
    outbox = Outbox(target.storage)
    found = outbox.waiting()
    return {
        "waiting": sum(not one.is_final for one in found),
        "given_up": sum(one.progress == "given_up" for one in [*found, *outbox.done()]),
    }


def _time(at: object) -> str:
    return text_of(at) if isinstance(at, int | float) and at else ""
