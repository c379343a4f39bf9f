"""Git's own smart HTTP server behind TLS and a login, on loopback, with a certificate of its own."""

from __future__ import annotations

import base64
import os
import ssl
import subprocess
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

from resources.mysql.certificates import Authority
from tests.support.git_server import repository_in

USER = "x-access-token"


class HttpsGitServer(ThreadingHTTPServer):
    """`trust` is the authority of its certificate; `during` is called while a client with the token waits."""

    daemon_threads = True

    def __init__(self, folder: Path, token: str) -> None:
        self.repository = repository_in(folder)
        self.during: Callable[[], None] = lambda: None
        authority = Authority(folder)
        self.trust, own = authority.file, authority.issue("git", "localhost", "127.0.0.1")
        self.login = "Basic " + base64.b64encode(f"{USER}:{token}".encode()).decode()
        super().__init__(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own.certificate, own.key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.url = f"https://127.0.0.1:{self.server_port}/{self.repository.name}"
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def close(self) -> None:
        self.shutdown()
        self.server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that does not trust the certificate hangs up."""


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self._backend()

    def do_POST(self) -> None:
        self._backend()

    def _backend(self) -> None:
        server = cast(HttpsGitServer, self.server)
        given = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.headers.get("Authorization") != server.login:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="git"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        server.during()
        address = urlsplit(self.path)
        answer = subprocess.run(
            ["git", "http-backend"],
            input=given,
            env={
                "PATH": os.environ["PATH"],
                "GIT_PROJECT_ROOT": str(server.repository.parent),
                "GIT_HTTP_EXPORT_ALL": "1",
                "GIT_CONFIG_NOSYSTEM": "1",
                "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
                "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
                "CONTENT_TYPE": self.headers.get("Content-Type", ""),
                "CONTENT_LENGTH": str(len(given)),
                "REQUEST_METHOD": self.command,
                "PATH_INFO": address.path,
                "QUERY_STRING": address.query,
                "REMOTE_USER": USER,
            },
            capture_output=True,
            check=True,
        ).stdout
        head, _, body = answer.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, text in fields.items():
            self.send_header(name, text)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        del format, args
