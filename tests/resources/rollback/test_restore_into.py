"""`restore --into`: a database of its own beside the target's, which is not touched."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from resources.backup.make import make_full_backup
from resources.errors import ConfirmationError, UsageError
from resources.mysql.connection import execute, rows, value
from resources.mysql.digest import table_digests
from resources.rollback.restore import Wish, restore_backup
from resources.rollback.side import leftovers

pytestmark = pytest.mark.slow


@pytest.fixture
def backup_id(shop, target) -> str:
    return make_full_backup(target).manifest.id


@pytest.fixture
def into(shop, target) -> Iterator[str]:
    name = f"{target.database}_copy"
    yield name
    execute(shop, f"DROP DATABASE IF EXISTS `{name}`")


def test_all_of_the_backup_is_there_and_the_database_is_as_it_was(shop, target, world, backup_id, into):
    before = world()
    execute(shop, "ALTER EVENT nightly ENABLE")
    execute(shop, "DELETE FROM child")
    changed = world()
    result = restore_backup(target, backup_id, Wish(into=into))
    assert (result.database, result.aside, result.lost) == (into, "", {})
    assert table_digests(target.endpoint, into) == before.digests
    assert world() == changed and leftovers(shop, target.database) == []
    assert value(shop, f"SELECT COUNT(*) FROM `{into}`.above") == 2
    assert value(shop, f"SELECT `{into}`.two()") == 2
    events = rows(shop, f"SHOW EVENTS FROM `{into}`")
    assert [row[10] for row in events] == ["DISABLED"]
    with pytest.raises(Exception, match="foreign key constraint fails"):
        execute(shop, f"DELETE FROM `{into}`.item WHERE id = 1")


def test_tables_come_alone_without_the_keys_that_would_lead_out(shop, target, world, backup_id, into):
    before = world()
    result = restore_backup(target, backup_id, Wish(into=into, tables=("item",)))
    assert table_digests(target.endpoint, into) == {"item": before.digests["item"]}
    assert any("without its foreign keys to `parent`" in note for note in result.notes)
    assert "FOREIGN KEY" not in rows(shop, f"SHOW CREATE TABLE `{into}`.item")[0][1]
    assert len(rows(shop, f"SHOW TRIGGERS FROM `{into}`")) == 2
    assert world() == before


def test_a_database_that_holds_something_and_the_targets_own_are_refused(
    shop, target, world, backup_id, into
):
    before = world()
    execute(shop, f"CREATE DATABASE `{into}`")
    execute(shop, f"CREATE TABLE `{into}`.mine (id INT)")
    with pytest.raises(ConfirmationError, match="not empty"):
        restore_backup(target, backup_id, Wish(into=into))
    for name in (target.database, "mysql", f"{into}__dbsync_side_r1", "x" * 65):
        with pytest.raises(UsageError, match="--into"):
            restore_backup(target, backup_id, Wish(into=name))
    assert [name for (name,) in rows(shop, f"SHOW TABLES FROM `{into}`")] == ["mine"]
    assert world() == before
