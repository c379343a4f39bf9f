"""`restore --into`: a database of its own beside the target's, which is not touched."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator

import pytest

from resources.backup.make import make_full_backup
from resources.backup.owed import owed_backups
from resources.backup.work_folder import remove_abandoned
from resources.errors import ConfirmationError, UsageError
from resources.journal import Journal
from resources.mysql.connection import execute, rows, value
from resources.mysql.digest import table_digests
from resources.rollback.reconcile import reconcile
from resources.rollback.restore import restore_backup
from resources.rollback.side import leftovers
from resources.rollback.wish import Wish
from tests.conftest import CHECKOUT
from tests.resources.rollback import killed_restore

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


@pytest.fixture
def killed_at(target, server, backup_id, into):
    def run(place: str) -> None:
        folders = {name: str(getattr(target, name)) for name in ("migrations", "storage", "state", "tools")}
        given = {"place": place, "backup": backup_id, "into": into, "database": target.database, **folders}
        done = subprocess.run(
            [sys.executable, "-m", killed_restore.__name__],
            input=json.dumps(given | {"port": server.port, "password": target.endpoint.password}),
            capture_output=True,
            text=True,
            cwd=CHECKOUT,
            timeout=240,
            check=False,
        )
        assert done.returncode == -9, done.stderr

    yield run
    remove_abandoned(target)  # a command would have done it before it began


def test_one_that_was_killed_behind_its_swap_is_finished_by_typing_it_again(
    shop, target, world, backup_id, into, killed_at
):
    before = world()
    killed_at("renamed")
    (found,) = reconcile(target, Journal(target.storage))
    assert "its tables are in place" in str(found)
    assert owed_backups(target.storage) == {backup_id}, "what finishes it must not be removed"
    assert "above" not in [name for (name,) in rows(shop, f"SHOW TABLES FROM `{into}`")]
    with pytest.raises(ConfirmationError, match="not empty") as error:
        restore_backup(target, backup_id, Wish(into=into, tables=("item",)))
    assert f"dbsync restore {backup_id} --into {into}   (finishes" in error.value.hint
    assert f"DROP DATABASE `{into}`;" in error.value.hint
    killed_at("objects half done")
    execute(shop, f"INSERT INTO `{into}`.old VALUES (7, 'since')")
    result = restore_backup(target, backup_id, Wish(into=into))
    list(reconcile(target, Journal(target.storage)))
    assert owed_backups(target.storage) == set()
    assert value(shop, f"SELECT COUNT(*) FROM `{into}`.old") == 3
    assert any("`old`: rows were written" in note for note in result.notes)
    execute(shop, f"DELETE FROM `{into}`.old WHERE id = 7")
    assert table_digests(target.endpoint, into) == before.digests
    assert value(shop, f"SELECT COUNT(*) FROM `{into}`.above") == 2
    assert value(shop, f"SELECT `{into}`.two()") == 2
    assert len(rows(shop, f"SHOW TRIGGERS FROM `{into}`")) == 2
    assert world() == before and leftovers(shop, target.database) == []
    with pytest.raises(ConfirmationError, match="not empty") as error:
        restore_backup(target, backup_id, Wish(into=into))
    assert "finishes" not in error.value.hint
