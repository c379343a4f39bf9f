"""Connections to MySQL: one way to open them, and their errors told apart."""

from __future__ import annotations

import os
import ssl
import struct
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import pymysql
from pymysql.constants import CLIENT, COMMAND
from pymysql.cursors import SSCursor

from resources.errors import (
    AuthenticationError,
    ConnectError,
    ConnectTimeoutError,
    NoSuchDatabaseError,
    PrivilegeError,
    TlsError,
)
from resources.mysql.endpoint import Endpoint
from resources.redact import redact

Connection = pymysql.connections.Connection
Row = tuple[Any, ...]

# Codes of the server and the client library that mean "this connection is gone".
LOST_CONNECTION = frozenset({0, 2006, 2013, 2014, 2055, 1053, 4031, 1927, 3169})


class _Connection(Connection):
    """pymysql's, with one TLS context for all unverified connections: loading the system's
    certificates, which nothing is verified with then, takes 33 of the 39 ms of a connect."""

    def _create_ssl_ctx(self, sslp: Any) -> ssl.SSLContext:
        return sslp if isinstance(sslp, ssl.SSLContext) else _unverified()


@cache
def _unverified() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


def connect(
    endpoint: Endpoint,
    database: str | None = None,
    *,
    multi_statements: bool = False,
    read_timeout: float | None = None,
) -> Connection:
    """An autocommit connection, as Prisma's.

    The collation is the one Prisma's Rust driver announces (utf8mb4_general_ci);
    another one would be baked into the views and routines that a migration creates.
    Raises AuthenticationError, NoSuchDatabaseError, PrivilegeError, TlsError,
    ConnectTimeoutError or ConnectError; none of them contains the password.
    """
    try:
        connection = _Connection(
            host=endpoint.host,
            port=endpoint.port,
            user=endpoint.user,
            password=endpoint.password,
            unix_socket=str(endpoint.socket) if endpoint.socket else None,
            database=database,
            charset="utf8mb4",
            collation="utf8mb4_general_ci",
            autocommit=True,
            connect_timeout=max(1, int(endpoint.connect_timeout)),
            # Bounds the handshake too: a server that accepts and then stays silent
            # would otherwise hang us for ever.
            read_timeout=endpoint.connect_timeout,
            client_flag=CLIENT.MULTI_STATEMENTS if multi_statements else 0,
            # No other ssl_… argument: with one, pymysql builds a context of its own instead of this.
            ssl=_ssl_context(endpoint),
        )
    except pymysql.err.MySQLError as error:
        raise connect_error(error, endpoint, database) from error
    vars(connection)["_read_timeout"] = read_timeout
    return connection


def query_several(connection: Connection, text: bytes) -> None:
    """Send several statements as one text; their results are thrown away. Raises pymysql's errors."""
    raw: Any = connection
    _allow_several(raw, True)
    try:
        raw.query(text)
        while raw._result.has_next:
            raw.next_result()
    finally:
        if raw.open:
            _allow_several(raw, False)


def _allow_several(raw: Any, several: bool) -> None:
    raw._execute_command(COMMAND.COM_SET_OPTION, struct.pack("<H", 0 if several else 1))
    raw._read_packet()


def rows(connection: Connection, sql: str, arguments: Sequence[object] | None = None) -> list[Row]:
    """All rows of one statement. For answers that are small by nature."""
    with connection.cursor() as cursor:
        cursor.execute(sql, arguments)
        return list(cursor.fetchall())


def stream(connection: Connection, sql: str) -> Iterator[Row]:
    """The rows of one statement, one at a time, in bounded memory."""
    with connection.cursor(SSCursor) as cursor:
        cursor.execute(sql)
        yield from cursor


def value(connection: Connection, sql: str, arguments: Sequence[object] | None = None) -> Any:
    """The first column of the first row, or None where there is no row."""
    found = rows(connection, sql, arguments)
    return found[0][0] if found else None


def execute(connection: Connection, sql: str, arguments: Sequence[object] | None = None) -> int:
    """Run one statement and return the number of affected rows."""
    with connection.cursor() as cursor:
        return cursor.execute(sql, arguments)


def quoted(identifier: str) -> str:
    """An identifier as SQL, backticks doubled."""
    return "`" + identifier.replace("`", "``") + "`"


# Access to the server, a database, a table, a column or a routine; a missing global privilege.
_DENIED = frozenset({1044, 1045, 1142, 1143, 1227, 1370})


def is_denied(error: BaseException) -> bool:
    """Whether the server refused it for want of a privilege."""
    return isinstance(error, pymysql.err.MySQLError) and bool(error.args) and error.args[0] in _DENIED


def is_lost(error: BaseException) -> bool:
    """Whether the error says the connection is gone, so the statement's outcome is unknown."""
    if isinstance(
        error, (pymysql.err.OperationalError, pymysql.err.InterfaceError, pymysql.err.InternalError)
    ):
        return not error.args or error.args[0] in LOST_CONNECTION
    return isinstance(error, (ConnectionError, TimeoutError, EOFError))


@contextmanager
def option_file(endpoint: Endpoint, folder: Path | None = None, more: Sequence[str] = ()) -> Iterator[Path]:
    """A 0600 `--defaults-extra-file` for the mysql clients, gone afterwards. `more`: further lines.

    Neither argv nor MYSQL_PWD may carry the password: both can be read in /proc.
    """
    fd, name = tempfile.mkstemp(prefix="dbsync-", suffix=".cnf", dir=folder)
    try:
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            file.write("[client]\n")
            file.write(f"user={_option(endpoint.user)}\npassword={_option(endpoint.password)}\n")
            if endpoint.socket:
                file.write(f"socket={_option(str(endpoint.socket))}\nprotocol=SOCKET\n")
            else:
                file.write(f"host={_option(endpoint.host)}\nport={endpoint.port}\nprotocol=TCP\n")
            if endpoint.tls:
                file.write(f"ssl-mode={'VERIFY_IDENTITY' if endpoint.tls.verify else 'REQUIRED'}\n")
                if endpoint.tls.ca:
                    file.write(f"ssl-ca={_option(str(endpoint.tls.ca))}\n")
            file.writelines(f"{line}\n" for line in more)
        yield Path(name)
    finally:
        Path(name).unlink(missing_ok=True)


def _option(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def _ssl_context(endpoint: Endpoint) -> ssl.SSLContext | None:
    """None leaves pymysql's default: TLS when offered, without verification."""
    if endpoint.tls is None:
        return None
    try:
        context = ssl.create_default_context(cafile=str(endpoint.tls.ca) if endpoint.tls.ca else None)
    except (OSError, ssl.SSLError) as error:
        raise TlsError(
            "the CA file of DATABASE_URL cannot be read",
            where=str(endpoint.tls.ca),
            why=str(error),
            hint="correct sslcert=… in DATABASE_URL",
        ) from error
    if not endpoint.tls.verify:
        return _unverified()
    return context


def connect_error(error: pymysql.err.MySQLError, endpoint: Endpoint, database: str | None) -> Exception:
    """The typed error for a failed connect (PRISMA.md section 9 names Prisma's codes)."""
    code = error.args[0] if error.args else 0
    text = redact(str(error.args[-1])) if error.args else type(error).__name__
    where = str(endpoint)
    if code in (1045, 1698, 3118):
        return AuthenticationError(
            f"the server refused the login of `{endpoint.user}` (Prisma P1000)",
            where=where,
            why=text,
            hint="check user and password in DATABASE_URL (percent-encode special characters)",
        )
    if code == 1049:
        return NoSuchDatabaseError(
            f"database `{database}` does not exist (Prisma P1003)",
            where=where,
            why=text,
            hint="`dbsync deploy` creates it when migrations are pending",
        )
    if code == 1044:
        return PrivilegeError(
            f"`{endpoint.user}` may not use database `{database}` (Prisma P1010)",
            where=where,
            why=text,
            hint=f"GRANT ALL ON {quoted(database or '')}.* TO the user, then: dbsync doctor",
        )
    if "SSL" in text or "certificate" in text.lower() or "TLS" in text:
        return TlsError(
            "no trusted TLS connection could be made (Prisma P1011)",
            where=where,
            why=text,
            hint="correct sslcert=… and sslaccept=… in DATABASE_URL",
        )
    if "timed out" in text.lower():
        return ConnectTimeoutError(
            f"the server did not answer within {endpoint.connect_timeout:g} s (Prisma P1001)",
            where=where,
            why=text,
            hint="check host, port and firewall; if it is merely slow: connect_timeout=… in DATABASE_URL",
        )
    return ConnectError(
        "the database server cannot be reached (Prisma P1001)",
        where=where,
        why=text,
        hint="check host and port in DATABASE_URL, and that the server runs",
    )
