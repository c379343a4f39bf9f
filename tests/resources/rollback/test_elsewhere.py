"""What a deployment did to other databases is named: a rollback leaves it as it is."""

from __future__ import annotations

import pytest

from resources.mysql.binlog_text import Changes, Session, Statement
from resources.mysql.connection import execute, value
from resources.rollback.elsewhere import changed_elsewhere

OURS = Session(0, 7)


@pytest.mark.parametrize(
    ("default", "text", "named"),
    [
        ("shop", "CREATE TABLE stock.t (id INT)", ["stock"]),
        ("shop", "ALTER TABLE `Stock` . `t` ADD COLUMN x INT", ["stock"]),
        ("shop", "/* why */ DROP TABLE IF EXISTS a, stock.t", ["stock"]),
        ("stock", "ALTER TABLE t ADD COLUMN x INT", ["stock"]),
        ("stock", "ALTER TABLE shop.t ADD COLUMN x INT", []),
        ("shop", "DROP DATABASE gone", ["gone"]),
        ("shop", "CREATE SCHEMA IF NOT EXISTS `new``one`", ["new`one"]),
        ("shop", "DROP DATABASE shop", []),
        ("shop", "RENAME TABLE shop.t TO stock.t", ["stock"]),
        ("shop", "CREATE DEFINER=`u`@`stock.h` VIEW stock.v AS SELECT 1", ["stock"]),
        ("shop", "CREATE VIEW v AS SELECT * FROM stock.t", []),
        ("shop", "CREATE TRIGGER g BEFORE INSERT ON t FOR EACH ROW SET @x = (SELECT 1 FROM stock.t)", []),
        ("shop", "ALTER TABLE t ADD FOREIGN KEY (a) REFERENCES stock.t (id)", []),
        ("shop", "ALTER TABLE t ADD CHECK (t.a > 0), COMMENT 'as stock.t'", []),
        ("", "GRANT ALL ON stock.* TO `u`@`%`", []),
        ("stock", "CREATE USER u", []),
        ("shop", "DROP TEMPORARY TABLE IF EXISTS stock.tmp", []),
    ],
)
def test_a_statement_names_the_other_databases_that_it_changes(default, text, named):
    changes = Changes(statements=[Statement(OURS, default, text), Statement(Session(0, 8), "sales", text)])
    assert changed_elsewhere(changes, {OURS}, "shop", ["shop", "stock", "sales", "mysql"]) == named


@pytest.fixture
def other(shop, target):
    name = f"{target.database}__other"
    execute(shop, f"CREATE DATABASE `{name}`")
    execute(shop, f"CREATE TABLE `{name}`.o (id INT PRIMARY KEY)")
    yield name
    execute(shop, f"DROP DATABASE `{name}`")


@pytest.mark.slow
@pytest.mark.parametrize("statement", ["INSERT INTO `{}`.o VALUES (1)", "CREATE TABLE `{}`.more (id INT)"])
def test_a_migration_of_another_database_never_ends_as_nothing_happened(
    shop, journal, world, release, other, statement
):
    before = world()
    deployment = release()
    deployment.migrate(statement.format(other))
    result = deployment.undo()
    assert (result.outcome, result.tables) == ("rolled_back", ())
    assert f"`{other}`" in result.notes[0]
    assert journal.get(deployment.id).facts["notes"] == list(result.notes)
    assert deployment.undo().notes == result.notes
    assert world() == before


@pytest.mark.slow
def test_it_is_named_beside_what_is_put_back_and_users_writes_there_are_not(shop, release, other):
    deployment = release()
    execute(shop, f"INSERT INTO `{other}`.o VALUES (5)")
    deployment.migrate("DROP TABLE old")
    assert deployment.undo().notes == ()
    deployment = release()
    deployment.migrate("DROP TABLE old", f"DELETE FROM `{other}`.o")
    result = deployment.undo()
    assert result.tables == ("old",)
    assert [note for note in result.notes if f"`{other}`" in note]
    assert value(shop, f"SELECT COUNT(*) FROM `{other}`.o") == 0
