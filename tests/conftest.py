"""A real MySQL for every test: one private server for the session, a fresh database for each test."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from resources.mysql.connection import Connection, connect, execute, quoted, rows
from resources.mysql.get import get_mysql
from resources.mysql.installation import MysqlInstallation
from resources.mysql.leftovers import stop_leftovers
from resources.mysql.server import PrivateServer
from resources.mysql.server_variables import LASTING, merged
from resources.target import Target
from tests.support.tcp_proxy import TcpProxy

CHECKOUT = Path(__file__).resolve().parent.parent

# Binlog rows with column names, as the rollback needs them; DDL without an fsync each.
TEST_SERVER = merged(
    LASTING,
    {
        "binlog_row_metadata": "FULL",
        "server_id": "1001",
        "sync_binlog": "0",
        "innodb_flush_log_at_trx_commit": "0",
        "innodb_doublewrite": "OFF",
    },
)


@pytest.fixture(scope="session")
def tools() -> Path:
    """Where the private MySQL is: the folder that `make setup` fills."""
    return Path(os.environ.get("DBSYNC_TOOLS") or CHECKOUT / ".tools").absolute()


@pytest.fixture(scope="session")
def installation(tools: Path) -> MysqlInstallation:
    return get_mysql(tools, Path(os.environ["MYSQLD"]) if os.environ.get("MYSQLD") else None)


@pytest.fixture(scope="session")
def server(installation: MysqlInstallation) -> Iterator[PrivateServer]:
    """The session's server: TCP with a password, row binlog with full metadata, CLONE plugin."""
    for killed in Path(tempfile.gettempdir()).glob("dbsync-test-*"):
        stop_leftovers(killed)  # of a test run that was killed itself
    with tempfile.TemporaryDirectory(prefix="dbsync-test-") as folder:
        running = PrivateServer.create(installation, Path(folder) / "m", tcp=True, variables=TEST_SERVER)
        try:
            running.start()
            # Caches the login, so that it also works without TLS (through the proxy).
            connect(running.tcp_endpoint).close()
            yield running
        finally:
            running.kill()


@pytest.fixture
def make_server(installation: MysqlInstallation) -> Iterator[Callable[..., PrivateServer]]:
    """A factory of further servers, started and killed after the test; arguments as PrivateServer.create."""
    made: list[PrivateServer] = []
    with tempfile.TemporaryDirectory(prefix="dbsync-test-") as folder:

        def make(*, start: bool = True, **arguments: object) -> PrivateServer:
            place = Path(folder) / f"m{len(made)}"
            one = PrivateServer.create(installation, place, **arguments)  # type: ignore[arg-type]
            made.append(one)
            if start:
                one.start()
            return one

        try:
            yield make
        finally:
            for one in made:
                one.kill()


@pytest.fixture
def database(server: PrivateServer) -> Iterator[str]:
    """A fresh, empty database; it and whatever dbsync put beside it are dropped afterwards."""
    name = f"t_{uuid4().hex[:12]}"
    with server.connect() as admin:
        execute(admin, f"CREATE DATABASE {quoted(name)}")
    yield name
    with server.connect() as admin:
        for (found,) in rows(admin, "SHOW DATABASES"):
            if found == name or found.startswith(f"{name}__"):
                execute(admin, f"DROP DATABASE {quoted(found)}")


def target_on(server: PrivateServer, database: str, tools: Path, tmp_path: Path) -> Target:
    """A target on `database` over TCP, with folders of its own."""
    folders = {name: tmp_path / name for name in ("migrations", "backups", "state")}
    for folder in folders.values():
        folder.mkdir(mode=0o700, exist_ok=True)
    return Target(
        endpoint=server.tcp_endpoint,
        database=database,
        migrations=folders["migrations"],
        storage=folders["backups"],
        state=folders["state"],
        tools=tools,
    )


@pytest.fixture
def target(server: PrivateServer, database: str, tools: Path, tmp_path: Path) -> Target:
    return target_on(server, database, tools, tmp_path)


@pytest.fixture
def connection(server: PrivateServer, database: str) -> Iterator[Connection]:
    with connect(server.tcp_endpoint, database) as opened:
        yield opened


@pytest.fixture
def proxy(server: PrivateServer) -> Iterator[TcpProxy]:
    """A TCP proxy before the server that can stall, cut and lose replies."""
    with TcpProxy(("127.0.0.1", server.port)) as running:
        yield running
