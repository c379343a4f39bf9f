"""One message to one channel, by that service's sender."""

from __future__ import annotations

from dataclasses import replace

from resources.http.reach import Reach
from resources.notify.delivery import Delivery
from resources.notify.message import message_of
from resources.notify.plan import Channel, Notify
from resources.notify.services import apprise, dingtalk, email, feishu, slack, webhook, wecom
from resources.notify.waiting import Waiting, text_of

_SENDERS = {
    "webhook": webhook.send,
    "slack": slack.send,
    "dingtalk": dingtalk.send,
    "feishu": feishu.send,
    "wecom": wecom.send,
    "email": email.send,
}
_OWN_RECEIVERS = ("webhook", "email")
"""Usually on a network of one's own; the others are public services."""


def send(channel: Channel, one: Waiting, notify: Notify, seconds: float) -> Delivery:
    """Raises nothing. `seconds` for everything: name resolution, sending, the whole answer."""
    message = message_of(one.id, text_of(one.at), one.event, notify.language)
    if channel.service == "apprise":
        delivery = apprise.send(channel, message, seconds)
    else:
        reach = Reach(private=channel.service in _OWN_RECEIVERS, named=notify.allow_private)
        delivery = _SENDERS[channel.service](channel, message, reach, seconds)
    return replace(delivery, channel=channel.name, event=one.id)
