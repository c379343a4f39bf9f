"""The newest look over HTTP, for this machine only: `/metrics` for Prometheus, `/` for people."""

from __future__ import annotations

import sqlite3
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

from resources.errors import UsageError
from resources.metrics.monitor import last_look
from resources.metrics.page import render_page
from resources.metrics.prometheus import CONTENT_TYPE, prometheus_text
from resources.metrics.store import opened_store
from resources.target import Target

_SECONDS = 10.0
"""For a client to send its request."""


class Endpoint(ThreadingHTTPServer):
    daemon_threads = True
    target: Target


def serve(target: Target, address: str) -> Endpoint:
    """Listens at once; `serve_forever` answers. Raises UsageError for an address that is not this
    machine's own alone: the page has no login.
    """
    host, _, port = address.rpartition(":")
    try:
        host = host.strip("[]")
        if not (host == "localhost" or ip_address(host).is_loopback):
            raise ValueError(f"{host} is not a loopback address")
        endpoint = Endpoint(("127.0.0.1" if host == "localhost" else host, int(port)), _Handler)
    except (ValueError, OverflowError, OSError) as error:
        raise UsageError(
            f"cannot listen at {address}",
            why=str(error),
            hint="--listen 127.0.0.1:9108; to be read from elsewhere, put a proxy with a login before it",
        ) from error
    endpoint.target = target
    return endpoint


class _Handler(BaseHTTPRequestHandler):
    timeout = _SECONDS
    server_version = "dbsync"
    sys_version = ""

    def do_GET(self) -> None:
        # A page elsewhere can make a browser ask 127.0.0.1 under its own name, and read the answer.
        host = (self.headers.get("Host") or "").rsplit(":", 1)[0].strip("[]")
        if host not in ("localhost", "127.0.0.1", "::1"):
            self._answer(403, "text/plain", b"only for this machine\n")
            return
        assert isinstance(self.server, Endpoint)
        target = self.server.target
        try:
            with opened_store(target) as store:
                if self.path == "/metrics":
                    self._answer(200, CONTENT_TYPE, prometheus_text(target, last_look(target, store)))
                elif self.path == "/":
                    self._answer(200, "text/html; charset=utf-8", render_page(target, store).encode())
                else:
                    self._answer(404, "text/plain", b"/ and /metrics\n")
        except (OSError, sqlite3.Error):
            self._answer(503, "text/plain", b"the store cannot be read\n")

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.send_header("X-Content-Type-Options", "nosniff")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: what a client asks for is its own text."""
