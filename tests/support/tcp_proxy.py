"""A TCP proxy before a server that misbehaves on order: for lost connections and slow servers.

Before a MySQL server it takes the offer of TLS out of the greeting, so that it can read the
requests.
"""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from dataclasses import replace
from types import TracebackType

from resources.mysql.endpoint import Endpoint
from tests.support.listener import close_listener


class TcpProxy:
    """Passes bytes both ways until told otherwise; the orders hold for open connections too."""

    def __init__(self, server: tuple[str, int]) -> None:
        self.server = server
        self.dropped = threading.Event()
        """Set once a reply was withheld by drop_reply_after."""
        self.from_clients = 0
        """Bytes that clients have sent."""
        self._mode = "pass"
        self._then: tuple[int, str] | None = None
        self._break_reply_at: int | None = None
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

    def cut_once_after(self, count: int) -> None:
        """When clients have sent `count` more bytes, cut all connections; new ones work."""
        self._then = (self.from_clients + count, "cut once")

    @property
    def stalls(self) -> bool:
        return self._mode == "stall"

    def stall_after(self, count: int) -> None:
        """When clients have sent `count` more bytes, pass nothing more."""
        self._then = (self.from_clients + count, "stall")

    def break_reply_after(self, count: int) -> None:
        """Cut the next connection whose server has sent `count` bytes; later ones work."""
        self._break_reply_at = count

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
        close_listener(self._listener)
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
        greeting, passed = not from_client, 0
        try:
            while data := source.recv(65536):
                if from_client and self._reached(len(data)):
                    break
                passed += len(data)
                if not from_client and self._break_reply_at is not None and passed >= self._break_reply_at:
                    self._break_reply_at = None
                    break
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

    def _reached(self, count: int) -> bool:
        """Count what a client sent; whether this connection is to end now."""
        with self._lock:
            self.from_clients += count
            if self._then is None or self.from_clients < self._then[0]:
                return False
            order, self._then = self._then[1], None
        if order == "stall":
            self.stall()
            return False
        self._close_all()
        return True

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
