from __future__ import annotations

from resources.mysql.connection import execute
from resources.mysql.schema import Schema, read_schema, table_names, without_counter


def _fill(connection):
    for statement in (
        "CREATE TABLE `a``b` (id INT AUTO_INCREMENT PRIMARY KEY, t VARCHAR(60)"
        " COMMENT ') ENGINE=x AUTO_INCREMENT=5') COMMENT 'AUTO_INCREMENT=9'",
        "INSERT INTO `a``b` (t) VALUES ('x'), ('y')",
        "CREATE TABLE _prisma_migrations (id INT)",
        "CREATE VIEW v AS SELECT 1 AS one",
        "CREATE PROCEDURE same() SELECT 1",
        "CREATE FUNCTION same() RETURNS INT DETERMINISTIC RETURN 1",
        "CREATE TRIGGER trg BEFORE INSERT ON `a``b` FOR EACH ROW SET @x = 1",
        "CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1",
    ):
        execute(connection, statement)


def test_every_kind_of_object_is_read_under_its_own_name(connection, database):
    _fill(connection)
    schema = read_schema(connection, database)
    assert list(schema.tables) == ["_prisma_migrations", "a`b"]
    assert list(schema.views) == ["v"]
    assert list(schema.routines) == ["FUNCTION same", "PROCEDURE same"]
    assert list(schema.triggers) == ["trg"]
    assert list(schema.events) == ["e"]
    for kind, begin in (
        ("views", "CREATE"),
        ("routines", "CREATE"),
        ("triggers", "CREATE"),
        ("events", "CREATE"),
    ):
        assert all(text.startswith(begin) for text in getattr(schema, kind).values())
    assert table_names(connection, database) == ["_prisma_migrations", "a`b"]


def test_counters_are_data_and_do_not_change_the_digest(connection, database):
    _fill(connection)
    before = read_schema(connection, database)
    assert " AUTO_INCREMENT=3" not in before.tables["a`b"]
    assert "COMMENT='AUTO_INCREMENT=9'" in before.tables["a`b"]
    assert "COMMENT ') ENGINE=x AUTO_INCREMENT=5'" in before.tables["a`b"]
    execute(connection, "ALTER TABLE `a``b` AUTO_INCREMENT = 100")
    assert read_schema(connection, database).digest == before.digest
    execute(connection, "ALTER TABLE `a``b` ADD n INT")
    assert read_schema(connection, database).digest != before.digest


def test_a_schema_survives_being_stored(connection, database):
    _fill(connection)
    schema = read_schema(connection, database)
    again = Schema.from_dict(schema.as_dict())
    assert again == schema
    assert again.digest == schema.digest


def test_an_empty_database_is_an_empty_schema(connection, database):
    assert read_schema(connection, database) == Schema()


def test_only_the_counter_of_the_table_is_removed():
    text = (
        "CREATE TABLE `t` (\n  `id` int NOT NULL AUTO_INCREMENT\n) ENGINE=InnoDB AUTO_INCREMENT=7 COMMENT='x'"
    )
    assert without_counter(text).endswith("`id` int NOT NULL AUTO_INCREMENT\n) ENGINE=InnoDB COMMENT='x'")
