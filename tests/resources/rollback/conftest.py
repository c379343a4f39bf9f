"""A private copy of the test's server, as a backup gives it, and a shop with every kind of object."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from resources.journal import Journal
from resources.mysql.binlog import current_position
from resources.mysql.connection import Connection, connect, execute
from resources.mysql.digest import TableDigest, table_digests
from resources.mysql.installation import MysqlInstallation
from resources.mysql.schema import Schema, read_schema
from resources.mysql.server import PrivateServer
from resources.rollback.rollback import RollbackResult, roll_back
from resources.target import Target

SHOP = [
    "CREATE TABLE parent (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(20)) AUTO_INCREMENT = 500",
    """CREATE TABLE item (
        id INT PRIMARY KEY AUTO_INCREMENT, parent_id INT, price FLOAT, doc JSON,
        hidden VARCHAR(20) INVISIBLE DEFAULT 'none', twice FLOAT AS (price * 2) STORED,
        size INT AS (CHAR_LENGTH(hidden)) VIRTUAL, day DATE, kind ENUM('a','b'), raw BLOB,
        KEY by_size (size), CONSTRAINT positive CHECK (price >= 0),
        CONSTRAINT item_parent FOREIGN KEY (parent_id) REFERENCES parent (id) ON DELETE CASCADE)""",
    """CREATE TABLE child (
        id INT PRIMARY KEY AUTO_INCREMENT, item_id INT,
        CONSTRAINT child_item FOREIGN KEY (item_id) REFERENCES item (id))""",
    """CREATE TABLE audit (at_id INT, what VARCHAR(20), said ENUM('a''b','(c') CHARACTER SET utf8mb4
        COLLATE utf8mb4_unicode_ci, t TEXT) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci""",
    "CREATE TABLE old (id INT PRIMARY KEY, v VARCHAR(9) DEFAULT 'it''s, (x)')",
    "CREATE TRIGGER item_first BEFORE INSERT ON item FOR EACH ROW SET NEW.hidden = CONCAT('a', NEW.hidden)",
    "CREATE TRIGGER item_second BEFORE INSERT ON item FOR EACH ROW SET NEW.hidden = CONCAT('b', NEW.hidden)",
    "CREATE VIEW items AS SELECT id, price FROM item",
    "CREATE VIEW above AS SELECT * FROM items",
    "CREATE PROCEDURE count_items() SELECT 'é', COUNT(*) FROM item",
    "CREATE FUNCTION two() RETURNS INT DETERMINISTIC RETURN 2",
    "CREATE EVENT nightly ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM audit",
    "INSERT INTO parent (name) VALUES ('p'), ('q')",
    """INSERT INTO item (parent_id, price, doc, hidden, day, kind, raw)
        VALUES (500, 16777216, JSON_OBJECT('d', CAST('2020-01-01' AS DATE), 'n', CAST(1.50 AS DECIMAL(5,2))),
                'h', '2020-02-02', 'a', X'00FF0A27'), (501, 0.1, NULL, DEFAULT, NULL, NULL, NULL)""",
    "INSERT INTO child (item_id) VALUES (1), (2)",
    "INSERT INTO audit VALUES (1, 'first', 'a''b', NULL)",
    "INSERT INTO old VALUES (0, 'zero'), (1, DEFAULT)",
]


@dataclass(frozen=True)
class World:
    schema: Schema
    digests: dict[str, TableDigest]


@pytest.fixture
def shop(connection: Connection) -> Connection:
    execute(connection, "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO'")
    for statement in SHOP:
        execute(connection, statement)
    execute(connection, "SET SESSION sql_mode = DEFAULT")
    return connection


@pytest.fixture
def world(target: Target, connection: Connection) -> Callable[[], World]:
    def read() -> World:
        return World(
            read_schema(connection, target.database), table_digests(target.endpoint, target.database)
        )

    return read


@contextmanager
def clones_of(
    installation: MysqlInstallation, server: PrivateServer, **variables: str
) -> Iterator[Callable[[], PrivateServer]]:
    """A factory of private servers on a clone of `server` as it is at that moment."""
    made: list[PrivateServer] = []
    with tempfile.TemporaryDirectory(prefix="dbsync-test-") as folder:

        def make() -> PrivateServer:
            place = Path(folder) / f"c{len(made)}"
            place.mkdir(mode=0o700)
            with server.connect() as admin:
                execute(admin, f"CLONE LOCAL DATA DIRECTORY = '{place / 'data'}'")
            one = PrivateServer.on_datadir(installation, place, variables=variables)
            made.append(one)
            one.start(skip_grants=True)
            return one

        try:
            yield make
        finally:
            for one in made:
                one.kill()


@pytest.fixture
def clone(installation: MysqlInstallation, server: PrivateServer) -> Iterator[Callable[[], PrivateServer]]:
    with clones_of(installation, server) as make:
        yield make


@pytest.fixture
def clone_of(installation: MysqlInstallation) -> Iterator[Callable[[PrivateServer], PrivateServer]]:
    """A private server on a clone of any server."""
    with ExitStack() as stack:
        yield lambda server: stack.enter_context(clones_of(installation, server))()


@pytest.fixture
def journal(target: Target) -> Journal:
    return Journal(target.storage)


class Release:
    """A deployment up to and into its migration: protected by a clone, journalled, on its own session."""

    def __init__(self, target: Target, journal: Journal, clone: Callable[[], PrivateServer]) -> None:
        self.target, self.journal = target, journal
        with connect(target.endpoint) as connection:
            # Before the clone, as a backup's position is never later than its rows.
            position = current_position(connection)
        self.source = clone()
        self.id = journal.begin(target.name)
        journal.record(
            self.id,
            "backed_up",
            binlog_file=position.file,
            binlog_position=position.position,
            gtid_executed=position.gtid_executed,
        )
        journal.record(self.id, "applying", threads=[])

    def migrate(self, *statements: str) -> None:
        with connect(self.target.endpoint, self.target.database) as session:
            threads = [int(session.thread_id())]
            self.journal.record(self.id, "migration_started", migration="1_bad", threads=threads)
            for statement in statements:
                execute(session, statement)

    def undo(self, **more: Any) -> RollbackResult:
        arguments = {"source": self.source, "reason": "a test"} | more
        return roll_back(self.target, self.journal, self.id, **arguments)


@pytest.fixture
def release(
    shop: Connection, target: Target, journal: Journal, clone: Callable[[], PrivateServer]
) -> Callable[[], Release]:
    return lambda: Release(target, journal, clone)


@pytest.fixture
def write_in_the_last_moment(shop: Connection, monkeypatch) -> Callable[[str], None]:
    """A user's statement between a rollback's look at the log and its lock on the tables."""
    from resources.rollback import swap

    def arrange(statement: str) -> None:
        real = swap._lock

        def late(connection: Connection, tables: Any) -> None:
            execute(shop, statement)
            real(connection, tables)

        monkeypatch.setattr(swap, "_lock", late)

    return arrange
