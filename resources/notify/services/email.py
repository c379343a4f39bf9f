"""Mail over SMTP: `smtp+starttls://USER:PASSWORD@HOST:587?from=A&to=B,C`, `smtps://` or `smtp://`."""

from __future__ import annotations

import smtplib
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Literal
from urllib.parse import parse_qsl, unquote, urlsplit

from resources.comma_separated import listed
from resources.http.reach import Reach, RefusedAddressError, connect
from resources.notify.delivery import Delivery
from resources.notify.message import Message
from resources.notify.plan import Channel
from resources.notify.request import one_line

Encryption = Literal["starttls", "tls", "none"]
_SCHEMES: dict[str, tuple[Encryption, int]] = {
    "smtp+starttls": ("starttls", 587),
    "smtps": ("tls", 465),
    "smtp": ("none", 25),
}
_HERE = ("localhost", "127.0.0.1", "::1")
FORM = "smtp+starttls://USER:PASSWORD@HOST:587?from=A@B&to=C@D,E@F"


@dataclass(frozen=True)
class Relay:
    host: str
    port: int
    encryption: Encryption
    sender: str
    recipients: tuple[str, ...]
    user: str = ""
    password: str = field(default="", repr=False)


def parse_relay(url: str) -> Relay:
    """Raises ValueError saying what is wrong, without the URL, which holds a password."""
    parts = urlsplit(url)
    if parts.scheme not in _SCHEMES:
        raise ValueError(f"it must begin with {', '.join(f'{one}://' for one in _SCHEMES)}: {FORM}")
    encryption, port = _SCHEMES[parts.scheme]
    query = dict(parse_qsl(parts.query))
    addresses = {name: _addresses(query.get(name, "")) for name in ("from", "to")}
    if unknown := query.keys() - addresses.keys():
        raise ValueError(f"{', '.join(sorted(unknown))} is not known; only from and to are: {FORM}")
    if not parts.hostname or len(addresses["from"]) != 1 or not addresses["to"]:
        raise ValueError(f"it needs a host, one from= and at least one to=: {FORM}")
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if password and encryption == "none" and parts.hostname not in _HERE:
        raise ValueError("smtp:// would send the password unencrypted; write smtp+starttls:// or smtps://")
    relay = (parts.hostname, parts.port or port, encryption, addresses["from"][0], addresses["to"])
    return Relay(*relay, user=user, password=password)


def _addresses(text: str) -> tuple[str, ...]:
    found = listed(text)
    for one in found:
        local, _, domain = one.rpartition("@")
        if not local or not domain or any(not sign.isprintable() or sign in ' <>"\r\n' for sign in one):
            raise ValueError(f"from= and to= are plain addresses such as ops@example.com: {FORM}")
    return found


def send(channel: Channel, message: Message, reach: Reach, seconds: float) -> Delivery:
    try:
        relay = parse_relay(channel.address)
    except ValueError as error:
        return Delivery(False, None, str(error))
    talk = _Talk(relay, mail(relay, message), reach, seconds)
    if not talk.perform():
        return Delivery(False, None, f"the mail was not taken within {seconds:.1f} s", slow=True)
    if talk.error:
        return Delivery(False, None, one_line(talk.error))
    refused = one_line(", ".join(talk.refused))
    return Delivery(True, None, f"taken, but not for {refused}" if refused else "taken by the relay")


def mail(relay: Relay, message: Message) -> EmailMessage:
    """Plain text. Its Message-ID is the event's id, so that a repeated mail is seen to be one."""
    made = EmailMessage()
    made["Subject"] = message.title
    made["From"] = relay.sender
    made["To"] = ", ".join(relay.recipients)
    made["Message-ID"] = f"<{message.id}@dbsync>"
    made["Auto-Submitted"] = "auto-generated"
    made.set_content(f"{message.text}\n", cte="base64")
    return made


class _Talk(threading.Thread):
    """A conversation that is cut off at the limit: a relay may drip, too."""

    def __init__(self, relay: Relay, mail: EmailMessage, reach: Reach, seconds: float) -> None:
        super().__init__(name="smtp", daemon=True)
        self._relay, self._mail, self._reach, self._seconds = relay, mail, reach, seconds
        self._socket: socket.socket | None = None
        self._timed_out = False
        self.error: str | None = None
        self.refused: tuple[str, ...] = ()

    def perform(self) -> bool:
        """False: the limit came first."""
        self.start()
        self.join(self._seconds)
        in_time = not self.is_alive() and not self._timed_out
        if self.is_alive() and self._socket:
            with suppress(OSError):
                self._socket.shutdown(socket.SHUT_RDWR)
        return in_time

    def run(self) -> None:
        try:
            self._talk()
        except smtplib.SMTPResponseException as error:
            said = error.smtp_error
            self.error = (
                f"{error.smtp_code} {said.decode(errors='replace') if isinstance(said, bytes) else said}"
            )
        except smtplib.SMTPRecipientsRefused as error:
            answers = [f"{code} {text.decode(errors='replace')}" for code, text in error.recipients.values()]
            self.error = f"no recipient was taken: {answers[0] if answers else ''}"
        except TimeoutError:
            self._timed_out = True
        except RefusedAddressError as error:
            self.error = str(error)
        except (OSError, ValueError) as error:  # SMTPException is an OSError
            self._timed_out = "timed out" in str(error)  # smtplib makes a lost connection of it
            self.error = f"{type(error).__name__}: {error}"

    def _talk(self) -> None:
        relay, tls = self._relay, ssl.create_default_context()
        smtp = _Smtp(self, relay, tls)
        smtp.connect(relay.host, relay.port)
        try:
            if relay.encryption == "starttls":
                smtp.starttls(context=tls)
                self._socket = smtp.sock
            if relay.user:
                smtp.login(relay.user, relay.password)
            self.refused = tuple(smtp.send_message(self._mail, relay.sender, list(relay.recipients)))
            with suppress(smtplib.SMTPException, OSError):  # it was taken; how we part does not matter
                smtp.quit()
        finally:
            smtp.close()

    def open(self, host: str, port: int, tls: ssl.SSLContext | None) -> socket.socket:
        opened = connect(host, port, self._reach, self._seconds)
        self._socket = opened if tls is None else tls.wrap_socket(opened, server_hostname=host)
        return self._socket


class _Smtp(smtplib.SMTP):
    """Connects to addresses that were judged, and to no others."""

    def __init__(self, talk: _Talk, relay: Relay, tls: ssl.SSLContext) -> None:
        self._talk = talk
        self._tls = tls if relay.encryption == "tls" else None
        super().__init__(local_hostname="dbsync.invalid", timeout=talk._seconds)
        self._host = relay.host  # what STARTTLS compares the certificate with

    def _get_socket(self, host: str, port: int, timeout: float) -> socket.socket:
        del timeout
        return self._talk.open(host, port, self._tls)
