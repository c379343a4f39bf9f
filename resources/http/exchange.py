"""One HTTP request with an end: of time, whoever drips, and of bytes, whoever pours."""

from __future__ import annotations

import socket
import ssl
import threading
from base64 import b64encode
from collections.abc import Mapping
from contextlib import suppress
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from urllib.parse import SplitResult, unquote

from resources.http.reach import Reach, RefusedAddressError, connect

LARGEST_ANSWER = 64 * 1024
"""Bytes of an answer that are read; the rest stays with the sender."""
JSON = {"Content-Type": "application/json; charset=utf-8"}


class Exchange(threading.Thread):
    """Sends `body` to `address` (GET without one) and reads the beginning of the answer.

    A thread, because neither name resolution nor a socket's time-out bounds the whole:
    a receiver that sends one byte a second never times out.
    """

    def __init__(
        self,
        address: SplitResult,
        body: bytes | None,
        reach: Reach,
        seconds: float,
        *,
        headers: Mapping[str, str] | None = None,
        largest: int = LARGEST_ANSWER,
    ) -> None:
        """`headers`: beside, or instead of, its own. `largest`: bytes of the answer that are read."""
        super().__init__(name="exchange", daemon=True)
        self._given = headers or {}
        self._largest = largest
        self._address = address
        self._body = body
        self._reach = reach
        self._seconds = seconds
        self._socket: socket.socket | None = None
        self._timed_out = False
        self.status: int | None = None
        self.reason = ""
        self.answer = b""
        self.retry_after: str | None = None
        self.error: str | None = None

    def perform(self) -> bool:
        """Run to the end or to the time limit; False means the limit came first."""
        self.start()
        self.join(self._seconds)
        if not self.is_alive():
            return not self._timed_out
        if self._socket:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        return False

    def run(self) -> None:
        try:
            self._talk()
        except TimeoutError:
            self._timed_out = True  # the socket's limit, a moment before that of the whole
        except RefusedAddressError as error:
            self.error = str(error)
        except (OSError, HTTPException, ValueError) as error:
            self.error = f"{type(error).__name__}: {error}"

    def _talk(self) -> None:
        address, host = self._address, self._address.hostname or ""
        connection: HTTPConnection
        if address.scheme == "https":
            connection = HTTPSConnection(host, address.port)
        else:
            connection = HTTPConnection(host, address.port)
        try:
            self._socket = connect(host, connection.port, self._reach, self._seconds)
            if address.scheme == "https":
                self._socket = _secured(self._socket, host)
                self._socket.do_handshake()
            connection.sock = self._socket
            path = (address.path or "/") + (f"?{address.query}" if address.query else "")
            # http.client follows no redirect and asks no proxy: the message goes to the
            # address that was configured, or nowhere.
            method = "GET" if self._body is None else "POST"
            connection.request(method, path, self._body, self._headers())
            with connection.getresponse() as response:
                self.status, self.reason = response.status, response.reason
                self.retry_after = response.getheader("Retry-After")
                self.answer = response.read(self._largest)
        finally:
            connection.close()
            if self._socket:
                self._socket.close()

    def _headers(self) -> Mapping[str, str]:
        headers = {"User-Agent": "dbsync", "Connection": "close"}
        if self._body is not None:
            headers |= JSON
        if self._address.username is not None:
            login = f"{unquote(self._address.username)}:{unquote(self._address.password or '')}"
            headers["Authorization"] = "Basic " + b64encode(login.encode()).decode()
        return {**headers, **self._given}


def _secured(plain: socket.socket, host: str) -> ssl.SSLSocket:
    """The handshake is not made yet: a peer that drips there is to be cut off at the limit too."""
    context = ssl.create_default_context()
    return context.wrap_socket(plain, server_hostname=host, do_handshake_on_connect=False)
