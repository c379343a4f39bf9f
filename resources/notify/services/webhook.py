"""NOTIFICATION_WEBHOOK: the facts as plain JSON, with the event's id beside them."""

from __future__ import annotations

import json

from resources.http.reach import Reach
from resources.notify.delivery import Delivery
from resources.notify.message import Message
from resources.notify.plan import Channel
from resources.notify.request import in_words, request


def send(channel: Channel, message: Message, reach: Reach, seconds: float) -> Delivery:
    event = message.event
    told = {"id": message.id, "kind": event.kind, "about": event.about, "state": event.state}
    body = {**event.facts, "event": {**told, "at": message.at, "next": event.next_command}}
    return request(channel.address, json.dumps(body, ensure_ascii=False).encode(), reach, seconds, judge)


def judge(answer: bytes) -> str:
    """A receiver of unknown make: its status counts, unless its body says in a known way that it refuses.

    `errcode` (as DingTalk, WeCom), `code` (as Feishu; others repeat the HTTP status there),
    `ok: false` (as Slack's API).
    """
    try:
        told = json.loads(answer)
    except (ValueError, RecursionError):
        return ""
    if not isinstance(told, dict):
        return ""
    codes = [told.get(name) for name in ("errcode", "code")]
    refused = told.get("ok") is False or any(
        isinstance(code, int) and code != 0 and not 200 <= code < 300 for code in codes
    )
    return f"refused: {in_words(answer)}" if refused else ""
