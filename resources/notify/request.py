"""One HTTP request as a Delivery: the one way by which alerts leave over HTTP."""

from __future__ import annotations

from collections.abc import Callable

from resources.http.address import web_address
from resources.http.exchange import Exchange
from resources.http.reach import Reach
from resources.notify.delivery import Delivery
from resources.redact import inert, redact

Judge = Callable[[bytes], str]
"""Takes the body of a 2xx answer; why the service did not take the message, "" where it did."""
_LONGEST_WAIT = 3600.0


def request(url: str, body: bytes | None, reach: Reach, seconds: float, judge: Judge) -> Delivery:
    """POST `body` (GET without one). Bounded in time and bytes, no redirect, no proxy. Raises nothing."""
    address = web_address(url)
    if address is None:
        return Delivery(False, None, "it is not an http or https address")
    exchange = Exchange(address, body, reach, seconds)
    if not exchange.perform():
        return Delivery(False, exchange.status, f"no complete answer within {seconds:.1f} s", slow=True)
    if exchange.error:
        return Delivery(False, exchange.status, one_line(exchange.error))
    status = exchange.status or 0
    if 200 <= status < 300:
        refusal = judge(exchange.answer)
        return Delivery(not refusal, status, refusal or f"HTTP {status}")
    said = "redirects are not followed" if 300 <= status < 400 else in_words(exchange.answer)
    return Delivery(False, status, f"HTTP {status}: {said}", retry_after=_seconds(exchange.retry_after))


def in_words(answer: bytes) -> str:
    return one_line(answer.decode("utf-8", "replace"))


def one_line(text: str) -> str:
    """The beginning of foreign text, on one line, without secrets."""
    return inert(redact(" ".join(text.split())))[:200]


def _seconds(retry_after: str | None) -> float:
    text = (retry_after or "").strip()
    return min(float(text), _LONGEST_WAIT) if text.isascii() and text.isdigit() else 0.0
