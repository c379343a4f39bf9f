"""NOTIFICATION_WEBHOOK: the facts as plain JSON, with the event's id beside them."""

from __future__ import annotations

import json
from urllib.parse import SplitResult, urlsplit

from resources.notify.delivery import Delivery
from resources.notify.exchange import Exchange
from resources.notify.outbox import Waiting
from resources.notify.plan import Channel
from resources.redact import inert, redact


def send(channel: Channel, one: Waiting, seconds: float) -> Delivery:
    address = _address(channel.address)
    if address is None:
        return Delivery(False, None, "NOTIFICATION_WEBHOOK is not an http or https address")
    event = one.event
    told = {"id": one.id, "kind": event.kind, "about": event.about, "state": event.state}
    body = {**event.facts, "event": {**told, "next": event.next_command}}
    return _deliver(address, json.dumps(body, ensure_ascii=False).encode(), seconds)


def _address(url: str) -> SplitResult | None:
    try:
        address = urlsplit(url)
        usable = address.scheme in ("http", "https") and address.hostname and address.port != 0
    except ValueError:  # a port that is no number, brackets that do not close
        return None
    return address if usable else None


def _deliver(address: SplitResult, body: bytes, seconds: float) -> Delivery:
    exchange = Exchange(address, body, seconds)
    if not exchange.perform():
        return Delivery(False, exchange.status, f"no complete answer within {seconds:g} s", slow=True)
    if exchange.error:
        return Delivery(False, exchange.status, _line(exchange.error))
    status = exchange.status or 0
    if 300 <= status < 400:
        return Delivery(False, status, f"HTTP {status}: redirects are not followed")
    if not 200 <= status < 300:
        return Delivery(False, status, f"HTTP {status}: {_line(exchange.answer.decode('utf-8', 'replace'))}")
    refusal = _refusal(exchange.answer)
    return Delivery(not refusal, status, refusal or f"HTTP {status}")


def _refusal(answer: bytes) -> str:
    """Why a receiver that answers 200 did not take the notice; "" where it did.

    Chat robots answer 200 and put the refusal into the body: `errcode` (DingTalk, WeCom),
    `code` (Feishu; others repeat the HTTP status there), `ok: false` (Slack).
    """
    try:
        told = json.loads(answer)
    except (ValueError, RecursionError):
        return ""  # an answer of free form: the status has said it
    if not isinstance(told, dict):
        return ""
    codes = [told.get(name) for name in ("errcode", "code")]
    refused = told.get("ok") is False or any(
        isinstance(code, int) and code != 0 and not 200 <= code < 300 for code in codes
    )
    return f"refused: {_line(answer.decode('utf-8', 'replace'))}" if refused else ""


def _line(text: str) -> str:
    """The beginning of foreign text, on one line, without secrets."""
    return inert(redact(" ".join(text.split())))[:200]
