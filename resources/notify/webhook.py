"""A notice to NOTIFICATION_WEBHOOK: plain JSON, POSTed once. Whatever happens to it changes nothing else."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from resources.notify.exchange import Exchange
from resources.notify.notice_body import notice_body
from resources.notify.outbox import keep
from resources.redact import inert, redact

DEADLINE = 5.0
"""Seconds for everything: name resolution, connecting, sending, the whole answer."""


@dataclass(frozen=True)
class Delivery:
    """`status`: the HTTP status, None where there was none. `detail`: one line without secrets."""

    ok: bool
    status: int | None
    detail: str


def notify(
    url: str, event: dict[str, object], storage: Path | None, *, seconds: float = DEADLINE
) -> Delivery:
    """POST `event` as JSON to `url` and say whether the receiver took it. Raises nothing.

    A notice that was not taken is kept in the outbox under `storage`; an outbox that cannot be
    written is mentioned in the detail.
    """
    body = notice_body(event)
    address = _address(url)
    delivery = _deliver(address, body, seconds) if address else _NO_ADDRESS
    if delivery.ok or storage is None:
        return delivery
    try:
        keep(storage, body, address.hostname or "" if address else "", delivery.detail)
    except OSError as error:
        return Delivery(False, delivery.status, f"{delivery.detail}; the outbox is not writable: {error}")
    return delivery


_NO_ADDRESS = Delivery(False, None, "NOTIFICATION_WEBHOOK is not an http or https address")


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
        return Delivery(False, exchange.status, f"no complete answer within {seconds:g} s")
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
