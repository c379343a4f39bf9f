"""Receivers on the loopback interface that answer exactly what a test tells them to."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress

from tests.support.listener import close_listener

Answer = Callable[[socket.socket], None]


class Receiver:
    """Accepts connections, reads one request each, and hands the socket to `answer`.

    dead: its port refuses every connection until `revive`.
    """

    def __init__(self, answer: Answer, *, dead: bool = False) -> None:
        self.requests: list[bytes] = []
        self._answer = answer
        self._listener = socket.socket()
        self._listener.bind(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/hook/canary-token?k=1"
        if not dead:
            self.revive()

    def revive(self) -> None:
        self._listener.listen()
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        close_listener(self._listener)

    @property
    def body(self) -> bytes:
        """The body of the only request."""
        (body,) = self.bodies
        return body

    @property
    def bodies(self) -> list[bytes]:
        return [request.partition(b"\r\n\r\n")[2] for request in self.requests]

    def respond(self, client: socket.socket, request: bytes) -> None:
        self.requests.append(request)
        self._answer(client)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            self.respond(client, _request(client))


def _request(client: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received:
        chunk = client.recv(65536)
        if not chunk:
            raise OSError("the sender went away")
        received += chunk
    head, _, body = received.partition(b"\r\n\r\n")
    length = next(
        (int(line.split(b":")[1]) for line in head.split(b"\r\n") if line.startswith(b"Content-Length")), 0
    )
    while len(body) < length:
        body += client.recv(65536)
    return head + b"\r\n\r\n" + body


def answering(status: str, body: bytes = b"", *headers: str) -> Answer:
    head = "\r\n".join([f"HTTP/1.1 {status}", f"Content-Length: {len(body)}", *headers]) + "\r\n\r\n"
    return lambda client: client.sendall(head.encode() + body)


def dripping(client: socket.socket) -> None:
    """One byte at a time, for ever: no single wait is long."""
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
    while True:
        client.sendall(b".")
        time.sleep(0.05)


def silent(client: socket.socket) -> None:
    """Takes the request and never says a word."""
    with suppress(OSError):
        client.settimeout(30)
        client.recv(1)


def pouring(client: socket.socket) -> None:
    """Ten megabytes of answer."""
    client.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 10000000\r\n\r\n")
    for _ in range(1000):
        client.sendall(b"x" * 10_000)
