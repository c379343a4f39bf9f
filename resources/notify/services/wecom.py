"""WeCom's group robots. They answer as DingTalk's do, and take only short messages."""

from __future__ import annotations

import json

from resources.http.reach import Reach
from resources.notify.delivery import Delivery
from resources.notify.message import Message, cut
from resources.notify.plan import Channel
from resources.notify.request import request
from resources.notify.services.dingtalk import judge

MOST = 2_000
"""Bytes of a message; WeCom takes 2,048."""


def send(channel: Channel, message: Message, reach: Reach, seconds: float) -> Delivery:
    body = {"msgtype": "text", "text": {"content": cut(message, MOST), "mentioned_list": []}}
    return request(channel.address, json.dumps(body).encode(), reach, seconds, judge)
