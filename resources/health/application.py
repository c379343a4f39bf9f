"""The application's side of health: its own URL answers well, several times in a row."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any
from urllib.parse import SplitResult

from resources import progress
from resources.health import thresholds as limit
from resources.health.expectation import unexpected
from resources.health.status import Problem
from resources.http.address import web_address
from resources.http.exchange import Exchange
from resources.http.reach import Reach
from resources.redact import inert, redact


def check_application(
    url: str,
    *,
    seconds: float = limit.APPLICATION_SECONDS,
    pause: float = limit.PAUSE_SECONDS,
    expect: str | None = None,
    good_answers: int = limit.GOOD_ANSWERS,
    give_up: Callable[[], str | None] = lambda: None,
) -> tuple[dict[str, Any], list[Problem]]:
    """Ask until `good_answers` came in a row or `seconds` are over.

    Only 2xx with what `expect` says in its body is good (see `expectation.py`); redirects are not
    followed (a login or error page behind one answers 200). An application that answers, but
    wrongly, is given WRONG_BODY_SECONDS only: it is up, and users see what it says. `give_up` tells
    after each bad answer why no good one will come. Returns within `seconds` and one request's time.
    """
    figures: dict[str, Any] = {"url": None, "attempts": 0, "good_in_a_row": 0}
    address = web_address(url)
    if address is None:
        return figures, [Problem("application", "the health URL is not one", "http://… or https://…")]
    figures["url"] = _shown(address)
    end = time.monotonic() + seconds
    row, last, times = 0, "no answer", []
    wrong_since: float | None = None
    with progress.step("health of the application", total=good_answers) as step:
        while True:
            begun = time.monotonic()
            bad, body = _ask(address, min(limit.REQUEST_SECONDS, max(0.05, end - begun)))
            wrong = unexpected(body, expect) if bad is None and expect is not None else None
            figures["attempts"] += 1
            bad = bad or wrong
            if bad is None:
                wrong_since = None
                row += 1
                times.append((time.monotonic() - begun) * 1000)
                step.advance(1)
                if row == good_answers:
                    break
            else:
                step.advance(-row)
                row, last = 0, bad
                step.note(bad)
                wrong_since = (wrong_since or begun) if wrong else None
                if trouble := give_up():
                    last = trouble
                    break
            if wrong_since and time.monotonic() > wrong_since + limit.WRONG_BODY_SECONDS:
                break
            if time.monotonic() + pause >= end:
                break
            time.sleep(pause)
    figures["good_in_a_row"] = row
    figures["latency_ms"] = round(sorted(times)[len(times) // 2], 1) if times else None
    if row == good_answers:
        return figures, []
    figures["last_failure"] = last
    return figures, [
        Problem(
            "application",
            f"{figures['url']} is not steadily well: {last}",
            f"{good_answers} good answers in a row within {round(seconds, 1):g} s",
        )
    ]


def one_answer(url: str) -> tuple[float | None, str | None]:
    """Ask once: milliseconds until the whole answer was there, and what was bad about it (None: nothing)."""
    address = web_address(url)
    if address is None:
        return None, "the health URL is not one"
    begun = time.monotonic()
    bad, _ = _ask(address, limit.REQUEST_SECONDS)
    return (time.monotonic() - begun) * 1000, bad


def _ask(address: SplitResult, seconds: float) -> tuple[str | None, bytes]:
    """What was bad about the answer, None for a 2xx; and the beginning of its body."""
    asked = Exchange(address, None, Reach(anywhere=True), seconds)
    if not asked.perform():
        return f"no whole answer within {seconds:.1f} s", b""
    if asked.error:
        return redact(inert(asked.error)), b""
    status = asked.status or 0
    if 300 <= status < 400:
        return f"HTTP {status} (a redirect, not followed)", b""
    if not 200 <= status < 300:
        begin = " ".join(inert(asked.answer[:80].decode("utf-8", "replace")).split())
        return redact(f"HTTP {status} {inert(asked.reason)}{': ' + begin if begin else ''}"), b""
    return None, asked.answer


def _shown(address: SplitResult) -> str:
    """The URL without login and query, which may be secret."""
    host = address.hostname or ""
    port = f":{address.port}" if address.port else ""
    return inert(f"{address.scheme}://{host}{port}{address.path}")
