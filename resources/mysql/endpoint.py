"""Where a MySQL server is and how to log in, from Prisma's DATABASE_URL."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from resources.errors import SettingsError
from resources.redact import remember

_PASSWORD = re.compile(r"://[^:/@]*:(.+)@", re.DOTALL)
SYSTEM_DATABASES = frozenset({"mysql", "information_schema", "performance_schema", "sys"})


@dataclass(frozen=True)
class Tls:
    """`verify`: the server's certificate must be signed by `ca` (or a system CA) and name the host."""

    verify: bool
    ca: Path | None = None


@dataclass(frozen=True)
class Endpoint:
    """One server and one account. The password never shows in `repr`."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    socket: Path | None = None
    tls: Tls | None = None
    """None: TLS when the server offers it, unverified, as Prisma does."""
    connect_timeout: float = 10.0

    @property
    def is_local(self) -> bool:
        return self.socket is not None or self.host in ("127.0.0.1", "localhost", "::1")

    def __str__(self) -> str:
        place = str(self.socket) if self.socket else f"{self.host}:{self.port}"
        return f"{self.user}@{place}"


def parse_database_url(url: str) -> tuple[Endpoint, str]:
    """The endpoint and database name of `mysql://user:password@host:port/database?…`.

    Understands Prisma's arguments `connect_timeout`, `socket`, `sslaccept` and
    `sslcert` (PRISMA.md section 10). Raises SettingsError, never echoing the password.
    """
    _remember_password(url)
    if url[:1] in ("'", '"'):
        raise _bad_url("the quotation marks are part of it; take them away")
    found = _split(url)
    if found is None:
        raise _bad_url(
            "it is no URL, or its port is no number up to 65535; special characters in the password "
            "must be percent-encoded"
        )
    parts, port = found
    if parts.scheme != "mysql":
        raise _bad_url("it must begin with mysql://")
    database = unquote(parts.path.lstrip("/"))
    if not parts.hostname or not database:
        raise _bad_url("it must name a host and a database")
    if database.lower() in SYSTEM_DATABASES:
        raise SettingsError(
            f"`{database}` is a system database and cannot be migrated (Prisma P3004)",
            where="DATABASE_URL",
            hint="name the application's database at the end of the URL",
        )
    arguments = {key: values[-1] for key, values in parse_qs(parts.query).items()}
    password = unquote(parts.password or "")
    remember(password)
    socket = arguments.get("socket")
    return (
        Endpoint(
            host=parts.hostname,
            port=port,
            user=unquote(parts.username or "root"),
            password=password,
            socket=Path(socket) if socket else None,
            tls=_tls(arguments),
            connect_timeout=_seconds(arguments.get("connect_timeout"), 10.0),
        ),
        database,
    )


def _split(url: str) -> tuple[SplitResult, int] | None:
    # Returns where others would raise: ValueError quotes its input, which holds the password, and would
    # stay the `__context__` of whatever is raised from here.
    try:
        parts = urlsplit(url)
        return parts, parts.port or 3306
    except ValueError:
        return None


def _remember_password(url: str) -> None:
    """Also of a URL that cannot be read: it may be quoted in an error nobody foresaw."""
    if found := _PASSWORD.search(url):
        remember(found[1])
        remember(unquote(found[1]))


def _tls(arguments: dict[str, str]) -> Tls | None:
    accept = arguments.get("sslaccept")
    ca = arguments.get("sslcert")
    if accept is None and ca is None:
        return None
    return Tls(verify=accept != "accept_invalid_certs", ca=Path(ca) if ca else None)


def _seconds(text: str | None, default: float) -> float:
    if text is None:
        return default
    try:
        value = float(text)
    except ValueError:
        raise _bad_url(f"connect_timeout={text!r} is not a number of seconds") from None
    return value if value > 0 else default


def _bad_url(why: str) -> SettingsError:
    return SettingsError(
        "DATABASE_URL cannot be used",
        where="DATABASE_URL",
        why=why,
        hint="DATABASE_URL='mysql://USER:PASSWORD@HOST:3306/DATABASE'",
    )
