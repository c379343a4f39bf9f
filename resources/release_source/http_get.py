"""One HTTP GET with an end, of time and of bytes; no redirect is followed, no proxy asked."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult

from resources.redact import inert, redact

LARGEST = 2**21


@dataclass
class Answer:
    status: int | None = None
    body: bytes = b""
    problem: str = ""


def get(address: SplitResult, headers: dict[str, str], seconds: float) -> Answer:
    """Raises nothing: what went wrong is `problem`, one line without secrets."""
    answer = Answer()
    sockets: list[socket.socket] = []
    # A thread: neither name resolution nor a slow drip is bounded by a socket's time-out.
    asking = threading.Thread(target=_ask, args=(address, headers, seconds, answer, sockets), daemon=True)
    asking.start()
    asking.join(seconds)
    if not asking.is_alive():
        return answer
    for one in sockets:
        with suppress(OSError):
            one.shutdown(socket.SHUT_RDWR)
    return Answer(problem=f"no whole answer within {seconds:g} s")


def _ask(
    address: SplitResult,
    headers: dict[str, str],
    seconds: float,
    answer: Answer,
    sockets: list[socket.socket],
) -> None:
    try:
        host, port = address.hostname or "", address.port
        if address.scheme == "https":
            context = ssl.create_default_context()
            connection: HTTPConnection = HTTPSConnection(host, port, timeout=seconds, context=context)
        else:
            connection = HTTPConnection(host, port, timeout=seconds)
        try:
            connection.connect()
            sockets.append(connection.sock)
            path = (address.path or "/") + (f"?{address.query}" if address.query else "")
            given = {"User-Agent": "dbsync", "Connection": "close", **headers}
            connection.request("GET", path, headers=given)
            with connection.getresponse() as response:
                answer.status = response.status
                answer.body = response.read(LARGEST)
        finally:
            connection.close()
    except (OSError, HTTPException, ValueError) as error:
        answer.problem = redact(inert(f"{type(error).__name__}: {error}"))
