"""The shop's database on the session's server, without dbsync: plain statements, as a user would see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from examples.shop.seed import seed
from resources.mysql.connection import Connection, connect, execute, quoted
from resources.mysql.server import PrivateServer

SHOP = Path(__file__).resolve().parents[3] / "examples" / "shop"
MIGRATIONS = sorted(path for path in (SHOP / "prisma" / "migrations").iterdir() if path.is_dir())
BAD = sorted(path for path in (SHOP / "bad_release" / "migrations").iterdir() if path.is_dir())
PENDING = 3
BASE = MIGRATIONS[:-PENDING]
ROWS = 3_000


def run_script(connection: Connection, folder: Path) -> None:
    """Send a migration whole, as Prisma does, and read every result."""
    with connection.cursor() as cursor:
        cursor.execute((folder / "migration.sql").read_text(encoding="utf-8"))
        while cursor.nextset():
            pass


@contextmanager
def shop_on(server: PrivateServer, rows: int, migrations: list[Path]) -> Iterator[Connection]:
    """A database with these migrations and at least `rows` rows (0: none), dropped afterwards."""
    name = f"shop_{uuid4().hex[:12]}"
    with connect(server.tcp_endpoint) as admin:
        execute(admin, f"CREATE DATABASE {quoted(name)}")
        try:
            with connect(server.tcp_endpoint, name, multi_statements=True) as connection:
                for folder in migrations:
                    run_script(connection, folder)
                if rows:
                    seed(connection, rows)
                yield connection
        finally:
            execute(admin, f"DROP DATABASE {quoted(name)}")


@pytest.fixture
def make_shop(server: PrivateServer) -> Iterator[Callable[..., Connection]]:
    """A factory of shops that the test may change."""
    with ExitStack() as opened:

        def make(rows: int = ROWS, migrations: list[Path] = BASE) -> Connection:
            return opened.enter_context(shop_on(server, rows, migrations))

        yield make


@pytest.fixture(scope="module")
def seeded(server: PrivateServer) -> Iterator[Connection]:
    """One shop before the good release, for tests that only read."""
    with shop_on(server, ROWS, BASE) as connection:
        yield connection


@pytest.fixture(scope="module")
def empty(server: PrivateServer) -> Iterator[Connection]:
    """One shop after the good release without rows, for tests that only read."""
    with shop_on(server, 0, MIGRATIONS) as connection:
        yield connection
