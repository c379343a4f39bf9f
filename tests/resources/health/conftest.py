"""A web site whose every answer is scripted, down to the bytes."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import pytest

from tests.support.listener import close_listener

Answer = bytes | Callable[[socket.socket, threading.Event], None]


def http(status: int, body: str = "", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body.encode())}", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


@dataclass
class Site:
    """Gives the answers in order, the last one for ever; notes the paths, and the requests, it was asked."""

    answers: list[Answer]
    url: str = ""
    asked: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    closing: threading.Event = field(default_factory=threading.Event)

    def serve(self, listener: socket.socket) -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection:
            request = connection.recv(65536).decode()
            self.requests.append(request)
            answer = self.answers[min(len(self.asked), len(self.answers) - 1)]
            self.asked.append(request.split(" ")[1] if " " in request else "")
            try:
                if callable(answer):
                    answer(connection, self.closing)
                else:
                    connection.sendall(answer)
            except OSError:
                return  # the asker went away, which is what some tests are about


@pytest.fixture
def site() -> Iterator[Callable[..., Site]]:
    """site(answer, …) → a running Site on loopback."""
    open_ones: list[tuple[Site, socket.socket]] = []

    def start(*answers: Answer) -> Site:
        listener = socket.create_server(("127.0.0.1", 0))
        made = Site(list(answers), f"http://127.0.0.1:{listener.getsockname()[1]}/health")
        open_ones.append((made, listener))
        threading.Thread(target=made.serve, args=(listener,), daemon=True).start()
        return made

    yield start
    for made, listener in open_ones:
        made.closing.set()
        close_listener(listener)
