"""A mail relay on the loopback interface: STARTTLS or TLS, a login, and refusals on request."""

from __future__ import annotations

import base64
import socket
import ssl
import threading
from contextlib import suppress
from pathlib import Path

from resources.mysql.certificates import Authority
from tests.support.listener import close_listener

USER, PASSWORD = "ops", "canary-mail-password"


class MailRelay:
    """`mails` are (recipients, data) of what was taken; `lines` everything that was said to it.

    `refused`: recipients it does not take. `stalls`: it never says a word after the greeting.
    """

    def __init__(self, folder: Path, *, tls: bool = False) -> None:
        self.mails: list[tuple[list[str], bytes]] = []
        self.lines: list[bytes] = []
        self.encrypted_from = 0
        """The number of lines that were said before encryption."""
        self.refused: set[str] = set()
        self.stalls = False
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority = Authority(folder)
        self.trust, own = authority.file, authority.issue("relay", "localhost", "127.0.0.1")
        self._context.load_cert_chain(own.certificate, own.key)
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def url(self, host: str = "localhost", to: str = "oncall@example.com,ops@example.com") -> str:
        scheme = "smtps" if self._tls else "smtp+starttls"
        return f"{scheme}://{USER}:{PASSWORD}@{host}:{self.port}?from=dbsync@example.com&to={to}"

    def close(self) -> None:
        close_listener(self._listener)

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        with suppress(OSError):
            self._talk(self._context.wrap_socket(client, server_side=True) if self._tls else client)

    def _talk(self, client: socket.socket) -> None:
        stream = client.makefile("rwb", buffering=0)
        said, recipients = stream.write, []
        said(b"220 relay ready\r\n")
        encrypted = self._tls
        while line := stream.readline():
            self.lines.append(line)
            if self.stalls:
                continue
            verb = line.split()[0].upper() if line.split() else b""
            if verb == b"EHLO":
                said(b"250-relay\r\n" + (b"250 AUTH PLAIN LOGIN\r\n" if encrypted else b"250 STARTTLS\r\n"))
            elif verb == b"STARTTLS":
                said(b"220 go ahead\r\n")
                client = self._context.wrap_socket(client, server_side=True)
                stream, encrypted, self.encrypted_from = (
                    client.makefile("rwb", buffering=0),
                    True,
                    len(self.lines),
                )
                said = stream.write
            elif verb == b"AUTH":
                wanted = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode())
                said(b"235 ok\r\n" if line.split()[-1] == wanted else b"535 authentication failed\r\n")
            elif verb == b"RCPT":
                address = line.split(b"<")[1].split(b">")[0].decode()
                if address in self.refused:
                    said(b"550 no such user here\r\n")
                else:
                    recipients.append(address)
                    said(b"250 ok\r\n")
            elif verb == b"DATA":
                said(b"354 go on\r\n")
                data = b""
                while not data.endswith(b"\r\n.\r\n"):
                    data += stream.readline()
                self.mails.append((recipients, data[:-5]))
                recipients = []
                said(b"250 taken\r\n")
            elif verb == b"QUIT":
                said(b"221 bye\r\n")
                client.close()
                return
            else:
                said(b"250 ok\r\n")
