"""Who is told of what: the channels of a target, as its settings name them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from resources.notify.event import Kind
from resources.notify.texts import Language

if TYPE_CHECKING:
    from resources.target import Target

Service = Literal["webhook", "slack", "dingtalk", "feishu", "wecom", "email", "apprise"]


@dataclass(frozen=True)
class Channel:
    name: str
    """`slack`; of several of one service the second is `slack-2`. [a-z0-9-] only."""
    service: Service
    address: str = field(repr=False)
    """http(s), smtp or apprise URL. Often a secret."""
    secret: str = field(default="", repr=False)
    """What messages are signed with (DingTalk, Feishu)."""


@dataclass(frozen=True)
class Notify:
    """Times in seconds."""

    channels: tuple[Channel, ...] = ()
    """All but NOTIFICATION_WEBHOOK, which is `Target.webhook`."""
    events: Mapping[str, frozenset[Kind]] = field(default_factory=dict)
    """Channel name → what it is told of. A channel that is not named here is told everything."""
    language: Language = "en"
    repeat: float = 4 * 3600.0
    """The same state is not told again so soon."""
    rate: tuple[int, float] = (20, 3600.0)
    """So many messages of a channel within so many seconds; more are summed up later."""
    give_up: float = 86400.0
    """A message that could not be delivered for so long is given up, and that is told elsewhere."""
    allow_private: tuple[str, ...] = ()
    """Host names, addresses and networks that may be private."""
    heartbeat: float = 0.0
    """Between two messages that say all is well; 0: none."""
    heartbeat_url: str | None = field(default=None, repr=False)
    watchdog: str | None = None
    """Name of the channel that is told when the others, or the heartbeat, fail."""

    def wants(self, channel: str, kind: Kind) -> bool:
        wanted = self.events.get(channel)
        return wanted is None or kind in wanted


def channels_of(target: Target) -> tuple[Channel, ...]:
    """Every channel of the target, NOTIFICATION_WEBHOOK first."""
    own = (Channel("webhook", "webhook", target.webhook),) if target.webhook else ()
    return (*own, *target.notify.channels)
