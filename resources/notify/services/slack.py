"""Slack's incoming webhooks, and what speaks their language (Mattermost, Rocket.Chat)."""

from __future__ import annotations

import json

from resources.http.reach import Reach
from resources.notify.delivery import Delivery
from resources.notify.message import Message, cut
from resources.notify.plan import Channel
from resources.notify.request import in_words, request

MOST = 12_000
"""Bytes of a message."""


def send(channel: Channel, message: Message, reach: Reach, seconds: float) -> Delivery:
    text = cut(message, MOST).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    body = {"text": text, "mrkdwn": False, "unfurl_links": False, "unfurl_media": False}
    return request(channel.address, json.dumps(body).encode(), reach, seconds, judge)


def judge(answer: bytes) -> str:
    """Slack answers `ok`; everything else, under whatever status, is a refusal."""
    if answer.strip() == b"ok":
        return ""
    try:
        told = json.loads(answer)
    except (ValueError, RecursionError):
        told = None
    if isinstance(told, dict) and (told.get("ok") is True or told.get("success") is True):
        return ""
    return f"refused: {in_words(answer) or 'an empty answer'}"
