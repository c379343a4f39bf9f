"""DingTalk's group robots. They answer HTTP 200 to everything; `errcode` says what it means."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from urllib.parse import urlencode

from resources.http.reach import Reach
from resources.notify.delivery import Delivery
from resources.notify.message import Message, cut
from resources.notify.plan import Channel
from resources.notify.request import in_words, request

MOST = 16_000
"""Bytes of a message; DingTalk takes 20,000 with everything around it."""


def send(channel: Channel, message: Message, reach: Reach, seconds: float) -> Delivery:
    # Plain text: in DingTalk's markdown a commit's subject could be a link or a picture.
    body = {
        "msgtype": "text",
        "text": {"content": cut(message, MOST)},
        "at": {"atMobiles": [], "atUserIds": [], "isAtAll": False},
    }
    url = channel.address + (_signature(channel.address, channel.secret) if channel.secret else "")
    return request(url, json.dumps(body).encode(), reach, seconds, judge)


def _signature(url: str, secret: str) -> str:
    stamp = str(round(time.time() * 1000))
    digest = hmac.new(secret.encode(), f"{stamp}\n{secret}".encode(), hashlib.sha256).digest()
    query = urlencode({"timestamp": stamp, "sign": base64.b64encode(digest).decode()})
    return ("&" if "?" in url else "?") + query


def judge(answer: bytes) -> str:
    """DingTalk and WeCom: only `"errcode": 0` means that the message was taken."""
    try:
        told = json.loads(answer)
    except (ValueError, RecursionError):
        return f"an answer that is not theirs: {in_words(answer)}"
    if isinstance(told, dict) and told.get("errcode") in (0, "0") and told.get("errcode") is not False:
        return ""
    return f"refused: {in_words(answer)}"
