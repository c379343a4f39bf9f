"""A TCP proxy before a MySQL server that misbehaves on order: for lost connections and slow servers.

It takes the offer of TLS out of the server's greeting, so that it can read the requests.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import replace
from types import TracebackType

from resources.mysql.endpoint import Endpoint


class TcpProxy:
    """Passes bytes both ways until told otherwise; the orders hold for open connections too."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.server = server
        self.dropped = threading.Event()
        """Set once a reply was withheld by drop_reply_after."""
        self._mode = "pass"
        self._pattern: bytes | None = None
        self._sockets: list[socket.socket] = []
        self._stop = threading.Event()
        self._lock = threading.Lock()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]

    # --- orders -----------------------------------------------------------------

    def pass_through(self) -> None:
        self._mode, self._pattern = "pass", None

    def stall(self) -> None:
        """Accept connections and keep them open, but pass not one byte."""
        self._mode = "stall"

    def cut(self) -> None:
        """Close every connection, and each new one at once."""
        self._mode = "cut"
        self._close_all()

    def drop_reply_after(self, pattern: bytes) -> None:
        """Pass the first request that contains `pattern`, swallow its reply and cut that connection.

        The server has done the work; the client cannot know.
        """
        self._pattern = pattern

    def endpoint(self, behind: Endpoint) -> Endpoint:
        """`behind`, reached through this proxy."""
        return replace(behind, host="127.0.0.1", port=self.port, socket=None)

    # --- works ------------------------------------------------------------------

    def __enter__(self) -> TcpProxy:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        with suppress(OSError):  # wakes accept(), which would serve one more connection otherwise
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._close_all()

    def _accept(self) -> None:
        while not self._stop.is_set():
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            if self._mode == "cut":
                client.close()
                continue
            server = socket.create_connection(self.server)
            with self._lock:
                self._sockets += [client, server]
            losing = threading.Event()
            for source, sink, from_client in ((client, server, True), (server, client, False)):
                threading.Thread(
                    target=self._pump, args=(source, sink, from_client, losing), daemon=True
                ).start()

    def _pump(
        self, source: socket.socket, sink: socket.socket, from_client: bool, losing: threading.Event
    ) -> None:
        greeting = not from_client
        try:
            while data := source.recv(65536):
                if greeting:
                    data, greeting = _without_tls(data), False
                while self._mode == "stall" and not self._stop.is_set():
                    self._stop.wait(0.05)
                if from_client and self._pattern and self._pattern in data:
                    self._pattern = None
                    losing.set()
                elif not from_client and losing.is_set():
                    self.dropped.set()
                    break
                sink.sendall(data)
        except OSError:
            pass  # the other pump, or cut(), closed it
        finally:
            for one in (source, sink):
                with suppress(OSError):  # wakes the other pump, which a close alone would not
                    one.shutdown(socket.SHUT_RDWR)
                one.close()

    def _close_all(self) -> None:
        with self._lock:
            for one in self._sockets:
                with suppress(OSError):  # closed already
                    one.shutdown(socket.SHUT_RDWR)
                one.close()
            self._sockets.clear()


def _without_tls(greeting: bytes) -> bytes:
    """A server's first packet with CLIENT_SSL (0x0800) cleared.

    Protocol 10: 4 bytes of header, 1 of protocol, the version up to a zero, 4 of thread id,
    8 of salt, 1 of filler, then the lower 2 bytes of the capabilities, little-endian.
    """
    if len(greeting) < 5 or greeting[4] != 10:
        return greeting  # an error packet instead of a greeting
    high_byte = greeting.index(0, 5) + 1 + 4 + 8 + 1 + 1
    changed = bytearray(greeting)
    changed[high_byte] &= ~0x08
    return bytes(changed)
