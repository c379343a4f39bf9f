"""The application's side of health: its own URL answers well, several times in a row."""

from __future__ import annotations

import http.client
import socket
import ssl
import threading
import time
from typing import Any
from urllib.parse import SplitResult, urlsplit

from resources import progress
from resources.health import thresholds as limit
from resources.health.status import Problem
from resources.redact import inert, redact


def check_application(
    url: str, *, seconds: float = limit.APPLICATION_SECONDS, pause: float = limit.PAUSE_SECONDS
) -> tuple[dict[str, Any], list[Problem]]:
    """Ask until GOOD_ANSWERS came in a row or `seconds` are over.

    Only 2xx is good; redirects are not followed (a login or error page behind one
    answers 200). Returns within `seconds` and one request's time.
    """
    figures: dict[str, Any] = {"url": None, "attempts": 0, "good_in_a_row": 0}
    parts = _parsed(url)
    if parts is None:
        return figures, [Problem("application", "the health URL is not one", "http://… or https://…")]
    figures["url"] = _shown(parts)
    end = time.monotonic() + seconds
    row, last, times = 0, "no answer", []
    with progress.step("health of the application", total=limit.GOOD_ANSWERS) as step:
        while True:
            begun = time.monotonic()
            bad = _ask(parts, min(limit.REQUEST_SECONDS, max(0.05, end - begun)))
            figures["attempts"] += 1
            if bad is None:
                row += 1
                times.append((time.monotonic() - begun) * 1000)
                step.advance(1)
                if row == limit.GOOD_ANSWERS:
                    break
            else:
                step.advance(-row)
                row, last = 0, bad
                step.note(bad)
            if time.monotonic() + pause >= end:
                break
            time.sleep(pause)
    figures["good_in_a_row"] = row
    figures["latency_ms"] = round(sorted(times)[len(times) // 2], 1) if times else None
    if row == limit.GOOD_ANSWERS:
        return figures, []
    figures["last_failure"] = last
    return figures, [
        Problem(
            "application",
            f"{figures['url']} is not steadily well: {last}",
            f"{limit.GOOD_ANSWERS} good answers in a row within {seconds:g} s",
        )
    ]


def one_answer(url: str) -> tuple[float | None, str | None]:
    """Ask once: milliseconds until the whole answer was there, and what was bad about it (None: nothing)."""
    parts = _parsed(url)
    if parts is None:
        return None, "the health URL is not one"
    begun = time.monotonic()
    bad = _ask(parts, limit.REQUEST_SECONDS)
    return (time.monotonic() - begun) * 1000, bad


def _ask(parts: SplitResult, seconds: float) -> str | None:
    """None for a good answer, else what was bad about it."""
    host, port = parts.hostname or "", parts.port
    if parts.scheme == "https":
        context = ssl.create_default_context()
        connection = http.client.HTTPSConnection(host, port, timeout=seconds, context=context)
    else:
        connection = http.client.HTTPConnection(host, port, timeout=seconds)
    expired = threading.Event()
    open_sockets: list[socket.socket] = []

    def expire() -> None:
        # The socket's own time-out starts anew with each byte of a slow drip; this one does not.
        expired.set()
        for sock in open_sockets:
            _shut(sock)

    timer = threading.Timer(seconds, expire)
    timer.daemon = True
    timer.start()
    try:
        connection.connect()
        # Kept here: the connection forgets its socket as soon as it has read the headers.
        open_sockets.append(connection.sock)
        path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", path, headers={"User-Agent": "dbsync", "Connection": "close"})
        answer = connection.getresponse()
        body = answer.read(limit.BODY_BYTES)
        if expired.is_set():
            return f"no whole answer within {seconds:.1f} s"
        if 300 <= answer.status < 400:
            return f"HTTP {answer.status} (a redirect, not followed)"
        if not 200 <= answer.status < 300:
            begin = " ".join(inert(body[:80].decode("utf-8", "replace")).split())
            return redact(f"HTTP {answer.status} {inert(answer.reason)}{': ' + begin if begin else ''}")
        return None
    except (OSError, http.client.HTTPException, ValueError) as error:
        if expired.is_set() or isinstance(error, TimeoutError):
            return f"no whole answer within {seconds:.1f} s"
        return redact(inert(f"{type(error).__name__}: {error}"))
    finally:
        timer.cancel()
        connection.close()


def _parsed(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return None
    return parts if good else None


def _shut(sock: socket.socket) -> None:
    try:
        sock.shutdown(socket.SHUT_RDWR)
    except OSError:
        return  # closed meanwhile: the request has ended


def _shown(parts: SplitResult) -> str:
    """The URL without login and query, which may be secret."""
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    return inert(f"{parts.scheme}://{host}{port}{parts.path}")
