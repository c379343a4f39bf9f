"""A server of its own for the tests of a module, with one full backup that each test may continue."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from resources.backup.make import make_full_backup
from resources.backup.manifest import Manifest
from resources.mysql.connection import Connection, connect, execute
from resources.mysql.server import PrivateServer
from resources.target import Target
from tests.conftest import TEST_SERVER
from tests.resources.backup.conftest import AWKWARD, run_file

GTIDS = {"ON": {}, "OFF": {"gtid_mode": "OFF", "enforce_gtid_consistency": "OFF"}}
DATABASE = "shop"


@dataclass
class Origin:
    server: PrivateServer
    target: Target
    full: Manifest


@pytest.fixture(scope="module", params=["ON", "OFF"], ids=["gtid", "no-gtid"])
def origin(request, installation, tools, tmp_path_factory) -> Iterator[Origin]:
    """A server whose binary logs may be purged, and a full backup of its database `shop`."""
    folder = tmp_path_factory.mktemp("origin")
    server = PrivateServer.create(
        installation, folder / "m", tcp=True, variables=TEST_SERVER | GTIDS[request.param]
    )
    try:
        server.start()
        with server.connect() as admin:
            execute(admin, f"CREATE DATABASE {DATABASE}")
            execute(admin, f"USE {DATABASE}")
            run_file(admin, AWKWARD)
            execute(admin, "CREATE TABLE log (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT)")
        target = Target(
            endpoint=server.tcp_endpoint,
            database=DATABASE,
            migrations=folder / "migrations",
            storage=folder / "backups",
            state=folder / "state",
            tools=tools,
        )
        yield Origin(server, target, make_full_backup(target).manifest)
    finally:
        server.kill()


@pytest.fixture
def shop(origin: Origin, tmp_path: Path) -> Target:
    """The target, with a storage of its own that holds a copy of the full backup."""
    shutil.copytree(origin.target.storage, tmp_path / "backups")
    return replace(origin.target, storage=tmp_path / "backups", state=tmp_path / "state")


@pytest.fixture
def sql(origin: Origin) -> Iterator[Connection]:
    with connect(origin.target.endpoint, DATABASE) as opened:
        yield opened


@pytest.fixture
def write(sql: Connection) -> Callable[..., None]:
    """Insert rows into `log`, one transaction each."""

    def rows_of(*texts: str) -> None:
        for text in texts:
            execute(sql, "INSERT INTO log (v) VALUES (%s)", (text,))

    return rows_of
