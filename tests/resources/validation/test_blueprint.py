"""A schema made anew is the same schema, whatever it is made of."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from resources.mysql.connection import Connection, execute, quoted
from resources.mysql.schema import read_schema
from resources.prisma.history import create_history
from resources.validation.blueprint import make_anew, read_blueprint
from resources.validation.compare import compare
from tests.resources.rollback.conftest import SHOP


@pytest.fixture
def copy(server, database) -> Iterator[Connection]:
    """A connection to another, empty database."""
    name = f"{database}__copy"
    with server.connect() as admin:
        execute(admin, f"CREATE DATABASE {quoted(name)}")
    with server.connect(name) as opened:
        yield opened


def _difference(connection, copy, database):
    # Each on its own connection: a view's text names every database but the session's own.
    return compare(read_schema(connection, database), read_schema(copy, f"{database}__copy"))


def test_every_kind_of_object_comes_out_equal_and_without_rows(connection, database, copy):
    for statement in SHOP:
        execute(connection, statement)
    create_history(connection)
    assert make_anew(copy, read_blueprint(connection, database)) == []
    assert _difference(connection, copy, database) == []
    copied = read_schema(connection, f"{database}__copy")
    assert sorted(copied.tables) == ["audit", "child", "item", "old", "parent"]
    assert sorted(copied.views) == ["above", "items"]
    with connection.cursor() as cursor:
        assert cursor.execute(f"SELECT * FROM `{database}__copy`.parent") == 0


def test_foreign_keys_in_a_circle_and_into_another_database_are_made(connection, database, copy, server):
    for statement in (
        "CREATE TABLE a (id INT PRIMARY KEY, b INT)",
        "CREATE TABLE b (id INT PRIMARY KEY, a INT, FOREIGN KEY (a) REFERENCES a (id))",
        "ALTER TABLE a ADD FOREIGN KEY (b) REFERENCES b (id)",
        f"CREATE DATABASE `{database}__other`",
        f"CREATE TABLE `{database}__other`.far (id INT PRIMARY KEY)",
        f"CREATE TABLE c (id INT, FOREIGN KEY (id) REFERENCES `{database}__other`.far (id))",
    ):
        execute(connection, statement)
    assert make_anew(copy, read_blueprint(connection, database)) == []
    assert _difference(connection, copy, database) == []


def test_tables_and_routines_of_other_settings_are_made_under_theirs(connection, database, copy, server):
    for statement in (
        "SET SESSION sql_mode = 'ANSI_QUOTES,PIPES_AS_CONCAT'",
        """CREATE FUNCTION both_of(a TEXT, b TEXT) RETURNS TEXT DETERMINISTIC RETURN a || "b" """,
        'CREATE TABLE "t" ("id" INT PRIMARY KEY, "v" VARCHAR(9) COLLATE latin1_bin)',
        """CREATE TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET NEW."v" = NEW."v" || '!'""",
        "SET SESSION sql_mode = ''",
        "CREATE TABLE zero (d DATE NOT NULL DEFAULT '0000-00-00')",
    ):
        execute(connection, statement)
    assert make_anew(copy, read_blueprint(connection, database)) == []
    assert _difference(connection, copy, database) == []


def test_what_cannot_be_made_is_named_and_all_else_is_there(connection, database, copy):
    for statement in (
        "CREATE TABLE gone (id INT)",
        "CREATE TABLE stays (id INT)",
        "CREATE VIEW orphan AS SELECT * FROM gone",
        "CREATE VIEW above AS SELECT * FROM orphan",
        "CREATE VIEW fine AS SELECT * FROM stays",
        "DROP TABLE gone",
    ):
        execute(connection, statement)
    lacking = make_anew(copy, read_blueprint(connection, database))
    assert [text.split(" (")[0] for text in lacking] == ["view `above`", "view `orphan`"]
    assert "gone' doesn't exist" in lacking[1]
    assert [str(one) for one in _difference(connection, copy, database)] == [
        "view `above`: missing",
        "view `orphan`: missing",
    ]


def test_the_digest_changes_with_any_text_and_any_setting(connection, database, server):
    digests = set()
    for statement in (
        "CREATE TABLE t (id INT)",
        "ALTER TABLE t ADD COLUMN n INT",
        "CREATE PROCEDURE p() SELECT 1",
        "DROP PROCEDURE p",
        "SET SESSION sql_mode = 'ANSI_QUOTES'",
        "CREATE PROCEDURE p() SELECT 1",
    ):
        execute(connection, statement)
        with server.connect() as reader:
            digests.add(read_blueprint(reader, database).digest)
    assert len(digests) == 4, "dropping the procedure leads back, setting the mode changes nothing yet"
