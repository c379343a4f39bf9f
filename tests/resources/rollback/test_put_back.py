"""Tables put back are the old ones exactly, and nothing else changes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from resources.errors import RestoreFailedError
from resources.mysql.connection import execute, rows, value
from resources.rollback import copy_rows
from resources.rollback.old_state import different_tables, read_old_state
from resources.rollback.put_back import put_back
from resources.rollback.side import SideNames, leftovers

pytestmark = pytest.mark.slow  # a clone of the server for each test

DAMAGE = [
    "DROP VIEW above",
    "ALTER TABLE item DROP FOREIGN KEY item_parent, DROP CHECK positive",
    "ALTER TABLE item DROP COLUMN twice, DROP COLUMN price, ADD COLUMN extra INT",
    "DROP TRIGGER item_first",
    "CREATE TRIGGER old_new AFTER INSERT ON old FOR EACH ROW SET @x = 1",
    "DROP TABLE old",
    "CREATE TABLE brand_new (id INT PRIMARY KEY)",
    "INSERT INTO brand_new VALUES (1)",
    "UPDATE parent SET name = 'changed'",
    "INSERT INTO parent (name) VALUES ('more')",
    "DROP VIEW items",
    "CREATE VIEW items AS SELECT id FROM item",
    "DROP PROCEDURE count_items",
    "CREATE PROCEDURE later() SELECT 1",
    "DROP EVENT nightly",
]
PLAIN = (
    "SELECT, INSERT, UPDATE, DELETE, CREATE, DROP, ALTER, INDEX, REFERENCES, TRIGGER, LOCK TABLES,"
    " CREATE VIEW, SHOW VIEW, CREATE ROUTINE, ALTER ROUTINE, EXECUTE, EVENT, SHOW_ROUTINE,"
    " SET_ANY_DEFINER, SYSTEM_USER"
)
TOUCHED = ["item", "audit", "old", "brand_new", "parent"]


class Steps:
    def __init__(self) -> None:
        self.names: list[str] = []

    def __call__(self, step: str, **facts: Any) -> None:
        self.names.append(step)


@pytest.fixture
def names(database) -> SideNames:
    return SideNames.of(database, "x1")


def test_every_kind_of_object_comes_back_exactly(shop, target, world, clone, names):
    before = world()
    source = clone()
    counter = value(shop, "SHOW CREATE TABLE parent") and rows(shop, "SHOW CREATE TABLE parent")[0][1]
    for statement in DAMAGE:
        execute(shop, statement)
    old = read_old_state(source, target.database)
    assert set(different_tables(shop, target.database, old)) == {"item", "old", "brand_new"}
    steps = Steps()
    result = put_back(target, source, old, TOUCHED, names=names, record=steps)
    assert world() == before
    assert rows(shop, "SHOW CREATE TABLE parent")[0][1] == counter, "the counter is the old one"
    assert (result.carrier, steps.names[-1]) == ("row events", "equal")
    assert leftovers(shop, target.database) == [names.aside]
    assert rows(shop, f"SELECT * FROM `{names.aside}`.brand_new") == [(1,)]
    execute(shop, "INSERT INTO item (parent_id, price) VALUES (500, 1)")
    assert value(shop, "SELECT hidden FROM item WHERE id = 3") == "banone", "both triggers, in their order"
    assert value(shop, "SELECT COUNT(*) FROM above") == 3


def test_rows_of_untouched_tables_stay_and_their_keys_point_at_the_new_tables(shop, target, clone, names):
    source = clone()
    execute(shop, "ALTER TABLE item ADD COLUMN extra INT")
    execute(shop, "INSERT INTO child (item_id) VALUES (1)")
    old = read_old_state(source, target.database)
    put_back(target, source, old, ["item"], names=names, record=Steps())
    assert value(shop, "SELECT COUNT(*) FROM child") == 3
    with pytest.raises(Exception, match="foreign key constraint fails"):
        execute(shop, "DELETE FROM item WHERE id = 1")
    execute(shop, "DELETE FROM child WHERE item_id = 2")
    execute(shop, "DELETE FROM parent WHERE id = 501")
    assert value(shop, "SELECT COUNT(*) FROM item WHERE parent_id = 501") == 0, "cascades into the new table"
    execute(shop, f"DROP DATABASE `{names.aside}`")


def test_a_foreign_key_of_another_database_points_at_the_new_table(shop, target, clone, names):
    other = f"{target.database}__other"
    execute(shop, f"CREATE DATABASE `{other}`")
    execute(
        shop,
        f"CREATE TABLE `{other}`.ref (id INT, CONSTRAINT far FOREIGN KEY (id)"
        f" REFERENCES `{target.database}`.item (id) ON DELETE CASCADE)",
    )
    execute(shop, f"INSERT INTO `{other}`.ref VALUES (2)")
    source = clone()
    text = rows(shop, f"SHOW CREATE TABLE `{other}`.ref")[0][1]
    execute(shop, "ALTER TABLE item ADD COLUMN extra INT")
    put_back(target, source, read_old_state(source, target.database), ["item"], names=names, record=Steps())
    assert rows(shop, f"SHOW CREATE TABLE `{other}`.ref")[0][1] == text
    execute(shop, f"DROP DATABASE `{other}`")


def test_a_mismatch_is_found_before_anything_is_touched(shop, target, world, clone, names, monkeypatch):
    source = clone()
    execute(shop, "ALTER TABLE item ADD COLUMN extra INT")
    damaged = world()
    real = copy_rows.EventCarrier.carry

    def lossy(self, piece, connection, step):
        table = real(self, piece, connection, step)
        if table == "item":
            execute(connection, f"DELETE FROM `{names.side}`.item WHERE id = 2")
        return table

    monkeypatch.setattr(copy_rows.EventCarrier, "carry", lossy)
    with pytest.raises(RestoreFailedError, match=r"`item` did not come back.*nothing in"):
        put_back(
            target, source, read_old_state(source, target.database), ["item"], names=names, record=Steps()
        )
    assert world() == damaged


def test_what_before_swap_raises_stops_everything_unchanged(shop, target, world, clone, names):
    source = clone()
    execute(shop, "ALTER TABLE item ADD COLUMN extra INT")
    damaged = world()

    def someone_wrote(_: object) -> None:
        raise ZeroDivisionError

    old = read_old_state(source, target.database)
    with pytest.raises(ZeroDivisionError):
        put_back(target, source, old, ["item"], names=names, record=Steps(), before_swap=someone_wrote)
    assert world() == damaged
    put_back(target, source, old, ["item"], names=names, record=Steps())
    assert different_tables(shop, target.database, old) == []


def test_a_table_somebody_holds_is_given_up_after_the_bounded_wait(shop, target, world, clone, names, server):
    source = clone()
    execute(shop, "ALTER TABLE item ADD COLUMN extra INT")
    damaged = world()
    hasty = replace(target, policy=replace(target.policy, lock_wait_timeout=1))
    with server.connect(target.database) as other:
        execute(other, "BEGIN")
        execute(other, "SELECT * FROM item")
        with pytest.raises(RestoreFailedError, match="could not be locked"):
            put_back(
                hasty, source, read_old_state(source, target.database), ["item"], names=names, record=Steps()
            )
    assert world() == damaged


@pytest.fixture
def plain(server, target):
    """The target, through an account that may not apply row events."""
    with server.connect() as admin:
        execute(admin, "CREATE USER IF NOT EXISTS 'plain'@'%' IDENTIFIED BY 'pw'")
        execute(admin, f"GRANT {PLAIN} ON *.* TO 'plain'@'%'")
        yield replace(target, endpoint=replace(target.endpoint, user="plain", password="pw"))
        execute(admin, "SET GLOBAL log_bin_trust_function_creators = OFF")
        execute(admin, "DROP USER 'plain'@'%'")


def test_without_the_privilege_for_row_events_a_dump_carries_the_rows_exactly(
    shop, target, plain, world, clone, names, server
):
    execute(shop, 'UPDATE item SET doc = \'{"a": [1, "x"]}\'')
    before = world()
    source = clone()
    execute(shop, "ALTER TABLE item ADD COLUMN extra INT")
    old = read_old_state(source, target.database)
    damaged = world()
    with pytest.raises(RestoreFailedError, match=r"trigger of the definer.*nothing was changed"):
        put_back(plain, source, old, ["item", "old"], names=names, record=Steps())
    assert world() == damaged
    assert leftovers(shop, target.database) == []
    with server.connect() as admin:
        execute(admin, "SET GLOBAL log_bin_trust_function_creators = ON")
    result = put_back(plain, source, old, ["item", "old"], names=names, record=Steps())
    assert result.carrier == "mysqldump"
    assert world() == before
