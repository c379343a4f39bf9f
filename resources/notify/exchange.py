"""One HTTP POST with an end: of time, whoever drips, and of bytes, whoever pours."""

from __future__ import annotations

import socket
import threading
from base64 import b64encode
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, unquote

LARGEST_ANSWER = 64 * 1024
"""Bytes of an answer that are read; the rest stays with the sender."""


class Exchange(threading.Thread):
    """Sends `body` to `address` and reads the beginning of the answer.

    A thread, because neither name resolution nor a socket's time-out bounds the whole:
    a receiver that sends one byte a second never times out.
    """

    def __init__(self, address: SplitResult, body: bytes, seconds: float) -> None:
        super().__init__(name="webhook", daemon=True)
        self._address = address
        self._body = body
        self._seconds = seconds
        self._socket: socket.socket | None = None
        self.status: int | None = None
        self.answer = b""
        self.error: str | None = None

    def perform(self) -> bool:
        """Run to the end or to the time limit; False means the limit came first."""
        self.start()
        self.join(self._seconds)
        if not self.is_alive():
            return True
        if self._socket:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        return False

    def run(self) -> None:
        try:
            self._talk()
        except (OSError, HTTPException, ValueError) as error:
            self.error = f"{type(error).__name__}: {error}"

    def _talk(self) -> None:
        address = self._address
        kind = HTTPSConnection if address.scheme == "https" else HTTPConnection
        connection = kind(address.hostname or "", address.port, timeout=self._seconds)
        try:
            connection.connect()
            self._socket = connection.sock
            path = (address.path or "/") + (f"?{address.query}" if address.query else "")
            # http.client follows no redirect and asks no proxy: the notice goes to the
            # address that was configured, or nowhere.
            connection.request("POST", path, self._body, self._headers())
            with connection.getresponse() as response:
                self.status = response.status
                self.answer = response.read(LARGEST_ANSWER)
        finally:
            connection.close()

    def _headers(self) -> dict[str, str]:
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "User-Agent": "dbsync",
            "Connection": "close",
        }
        if self._address.username is not None:
            login = f"{unquote(self._address.username)}:{unquote(self._address.password or '')}"
            headers["Authorization"] = "Basic " + b64encode(login.encode()).decode()
        return headers
