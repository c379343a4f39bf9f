"""`restore --tables`: these come back with their triggers and views, and nothing else changes."""

from __future__ import annotations

import pytest

from resources.backup.make import make_full_backup
from resources.errors import RestoreRefusedError, UsageError
from resources.mysql.connection import execute, rows, value
from resources.rollback.restore import restore_backup
from resources.rollback.side import leftovers
from resources.rollback.wish import Wish

pytestmark = pytest.mark.slow


@pytest.fixture
def backup_id(shop, target) -> str:
    return make_full_backup(target).manifest.id


def test_the_named_tables_come_back_and_the_others_keep_what_was_written_since(
    shop, target, world, backup_id
):
    before = world()
    for statement in (
        "INSERT INTO audit VALUES (2, 'later', NULL, NULL)",
        "INSERT INTO parent (name) VALUES ('r')",
        "DROP TRIGGER item_second",
        "DROP VIEW above",
        "DROP PROCEDURE count_items",
        "UPDATE item SET price = 5",
    ):
        execute(shop, statement)
    changed = world()
    result = restore_backup(target, backup_id, Wish(tables=("item",), accept_loss=True))
    now = world()
    assert result.tables == ("item",)
    assert now.digests["item"] == before.digests["item"]
    others = [table for table in before.digests if table != "item"]
    assert {t: now.digests[t] for t in others} == {t: changed.digests[t] for t in others}
    assert now.schema.tables == before.schema.tables
    assert now.schema.triggers == before.schema.triggers
    assert now.schema.views == before.schema.views
    assert not rows(shop, "SHOW PROCEDURE STATUS WHERE db = DATABASE()"), "a routine is no table's"
    kept = {name for (name,) in rows(shop, f"SHOW TABLES FROM `{result.aside}`")}
    assert "item" in kept and not kept & set(others)
    with pytest.raises(Exception, match="foreign key constraint fails"):
        execute(shop, "DELETE FROM item WHERE id = 1")


def test_a_name_that_is_no_table_of_the_backup_is_named_and_nothing_is_changed(
    shop, target, world, backup_id
):
    before = world()
    with pytest.raises(UsageError, match=r"`items` is a view.*no table `gone`") as refused:
        restore_backup(target, backup_id, Wish(tables=("items", "gone", "item")))
    assert "audit, child, item" in refused.value.hint
    assert world() == before and leftovers(shop, target.database) == []


def test_rows_that_would_point_at_nothing_are_counted_and_refused(shop, target, world, backup_id):
    execute(shop, "INSERT INTO item (id, parent_id, price) VALUES (9, 500, 1)")
    execute(shop, "INSERT INTO child (id, item_id) VALUES (9, 9)")
    changed = world()
    with pytest.raises(RestoreRefusedError) as refused:
        restore_backup(target, backup_id, Wish(tables=("item",)))
    assert "`item`" in refused.value.why
    assert world() == changed
    both = restore_backup(target, backup_id, Wish(tables=("item", "child"), accept_loss=True))
    assert value(shop, "SELECT COUNT(*) FROM item") == 2
    assert value(shop, f"SELECT item_id FROM `{both.aside}`.child WHERE id = 9") == 9


def test_a_parent_that_is_gone_has_to_be_restored_too(shop, target, world, backup_id):
    before = world()
    execute(shop, "SET SESSION foreign_key_checks = 0")
    execute(shop, "DROP TABLE parent")
    execute(shop, "DELETE FROM item")
    execute(shop, "SET SESSION foreign_key_checks = 1")
    with pytest.raises(RestoreRefusedError, match="foreign keys could not be made again") as refused:
        restore_backup(target, backup_id, Wish(tables=("item",), accept_loss=True))
    assert "--tables item,parent" in refused.value.hint
    assert value(shop, "SELECT COUNT(*) FROM item") == 0
    restore_backup(target, backup_id, Wish(tables=("item", "parent"), accept_loss=True))
    assert world() == before
