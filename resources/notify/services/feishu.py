"""Feishu's (Lark's) custom bots. They answer HTTP 200 also when they refuse; `code` says so."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time

from resources.http.reach import Reach
from resources.notify.delivery import Delivery
from resources.notify.message import Message, cut
from resources.notify.plan import Channel
from resources.notify.request import in_words, request

MOST = 16_000
"""Bytes of a message; Feishu takes 20 KB with everything around it."""


def send(channel: Channel, message: Message, reach: Reach, seconds: float) -> Delivery:
    body: dict[str, object] = {
        "msg_type": "text",
        "content": {"text": cut(message, MOST)},
    }
    if channel.secret:
        body |= _signature(channel.secret)
    return request(channel.address, json.dumps(body).encode(), reach, seconds, judge)


def _signature(secret: str) -> dict[str, object]:
    # The string is the key, and what is signed is empty: so Feishu wants it.
    stamp = str(int(time.time()))
    digest = hmac.new(f"{stamp}\n{secret}".encode(), b"", hashlib.sha256).digest()
    return {"timestamp": stamp, "sign": base64.b64encode(digest).decode()}


def judge(answer: bytes) -> str:
    """Only `"code": 0`, or `"StatusCode": 0` of the older bots, means that the message was taken."""
    try:
        told = json.loads(answer)
    except (ValueError, RecursionError):
        return f"an answer that is not theirs: {in_words(answer)}"
    code = told.get("code", told.get("StatusCode")) if isinstance(told, dict) else None
    return "" if type(code) is int and code == 0 else f"refused: {in_words(answer)}"
