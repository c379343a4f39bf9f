"""Rows written since the backup are named before they leave, and are kept when they do."""

from __future__ import annotations

import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.make import make_full_backup
from resources.child_environment import mysql_environment
from resources.errors import MissingDefinerError, RestoreRefusedError
from resources.mysql.connection import execute, option_file, rows, value
from resources.mysql.get import get_mysql
from resources.rollback.kept import drop_kept, kept_databases
from resources.rollback.restore import restore_backup
from resources.rollback.side import leftovers
from resources.rollback.wish import Wish

pytestmark = pytest.mark.slow


@pytest.fixture
def backup_id(shop, target) -> str:
    return make_full_backup(target).manifest.id


def test_losses_are_refused_by_name_then_accepted_and_kept_until_finish(shop, target, world, backup_id):
    before = world()
    execute(shop, "INSERT INTO audit VALUES (2, 'later', NULL, NULL), (3, 'later', NULL, NULL)")
    execute(shop, "DELETE FROM child WHERE id = 2")
    changed = world()
    with pytest.raises(RestoreRefusedError) as refused:
        restore_backup(target, backup_id)
    assert "`audit`: 2 inserted" in refused.value.why and "`child`: 1 deleted" in refused.value.why
    assert f"dbsync restore {backup_id} --accept-loss" in refused.value.hint
    assert world() == changed and leftovers(shop, target.database) == []

    result = restore_backup(target, backup_id, Wish(accept_loss=True))
    assert world() == before
    assert result.lost["rows"] == {
        "audit": {"inserted": 2, "updated": 0, "deleted": 0},
        "child": {"inserted": 0, "updated": 0, "deleted": 1},
    }
    assert value(shop, f"SELECT COUNT(*) FROM `{result.aside}`.audit WHERE what = 'later'") == 2
    [kept] = kept_databases(target)
    assert (kept.database, kept.kind, kept.backup_id) == (result.aside, "replaced", backup_id)
    assert drop_kept(target, [kept]) == [result.aside]
    assert leftovers(shop, target.database) == [] and kept_databases(target) == []
    assert world() == before


def test_what_is_no_table_and_was_made_since_is_refused_by_name_then_kept_as_a_script(
    shop, target, world, backup_id
):
    before = world()
    for statement in (
        "CREATE PROCEDURE `since`() BEGIN SELECT 1; SELECT 2; END",
        "CREATE VIEW later AS SELECT 1 AS one",
        "CREATE EVENT soon ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM audit",
        "CREATE TRIGGER audited AFTER INSERT ON audit FOR EACH ROW SET @seen = 1",
        "ALTER VIEW items AS SELECT id FROM item",
    ):
        execute(shop, statement)
    changed = world()
    with pytest.raises(RestoreRefusedError) as refused:
        restore_backup(target, backup_id)
    for name in ("procedure `since`", "view `later`", "event `soon`", "trigger `audited`", "view `items`"):
        assert name in refused.value.why, name
    assert world() == changed
    with pytest.raises(RestoreRefusedError, match="would lose") as refused:
        restore_backup(target, backup_id, Wish(tables=("audit",)))
    assert "trigger `audited`" in refused.value.why and "since" not in refused.value.why

    result = restore_backup(target, backup_id, Wish(accept_loss=True))
    assert world() == before
    [note] = [one for one in result.notes if "were replaced are in" in one]
    script = Path(note.split(" are in ")[1])
    execute(shop, "DROP VIEW items")
    with option_file(target.endpoint) as login:
        mysql = get_mysql(target.tools, target.mysqld).command("mysql")
        with script.open() as text:
            command = [*mysql, f"--defaults-extra-file={login}", target.database]
            subprocess.run(command, stdin=text, check=True, env=mysql_environment())
    now = world().schema
    assert (now.routines, now.views, now.triggers, now.events) == (
        changed.schema.routines,
        changed.schema.views,
        changed.schema.triggers,
        changed.schema.events,
    )


def test_what_another_projects_restore_keeps_is_not_dropped(shop, target, backup_id, tmp_path):
    result = restore_backup(target, backup_id)
    elsewhere = replace(target, storage=tmp_path / "elsewhere")
    [kept] = kept_databases(elsewhere)
    assert (kept.database, kept.kind, kept.may_go) == (result.aside, "unknown", False)
    assert f"DROP DATABASE `{result.aside}`" in kept.way_on
    assert drop_kept(elsewhere, [kept]) == []
    assert leftovers(shop, target.database) == [result.aside]


def test_a_view_on_a_table_that_is_gone_is_left_out_and_named_and_all_else_is_restored(shop, target, world):
    execute(shop, "CREATE VIEW dead AS SELECT v FROM old")
    execute(shop, "DROP TABLE old")
    backup_id = make_full_backup(target).manifest.id
    execute(shop, "DROP VIEW dead")
    before = world()
    execute(shop, "DROP EVENT nightly")
    for into in ("", f"{target.database}_into"):
        result = restore_backup(target, backup_id, Wish(into=into))
        assert any("view `dead` was not made again" in note for note in result.notes), result.notes
    assert world() == before
    execute(shop, f"DROP DATABASE {target.database}_into")


def test_what_was_written_only_to_tables_that_stay_is_no_loss(shop, target, world, backup_id):
    before = world()
    execute(shop, "INSERT INTO audit VALUES (2, 'later', NULL, NULL)")
    changed = world()
    result = restore_backup(target, backup_id, Wish(tables=("old",)))
    assert result.lost == {} and world() == changed
    assert changed.digests["old"] == before.digests["old"]


def test_a_second_restore_does_not_take_the_first_ones_writes_for_a_users(shop, target, world, backup_id):
    before = world()
    by_rows = replace(target, restore_way="rows")
    execute(shop, "DELETE FROM child")
    restore_backup(by_rows, backup_id, Wish(accept_loss=True))
    execute(shop, "DELETE FROM audit")
    with pytest.raises(RestoreRefusedError) as refused:
        restore_backup(by_rows, backup_id)
    assert "`audit`: 1 deleted" in refused.value.why
    assert "`item`" not in refused.value.why
    restore_backup(by_rows, backup_id, Wish(accept_loss=True))
    assert world() == before


def test_where_the_log_is_gone_it_says_that_it_cannot_tell(shop, target, server, world, backup_id):
    changed = world()
    with server.connect() as admin:
        version = server.installation.version_tuple
        execute(admin, "RESET BINARY LOGS AND GTIDS" if version >= (8, 4, 0) else "RESET MASTER")
    with pytest.raises(RestoreRefusedError, match="cannot be told"):
        restore_backup(target, backup_id)
    assert world() == changed
    result = restore_backup(target, backup_id, Wish(accept_loss=True))
    assert world() == changed
    assert any("was not counted" in note for note in result.notes)


def test_a_definer_without_an_account_is_an_error_before_anything_is_changed(shop, target, server, world):
    name = f"gone_{target.database[-8:]}"
    execute(shop, f"CREATE USER '{name}'@'%' ACCOUNT LOCK")
    execute(shop, f"CREATE DEFINER='{name}'@'%' VIEW theirs AS SELECT 1 AS one")
    backup_id = make_full_backup(target).manifest.id
    backed_up = world()
    execute(shop, "DROP VIEW theirs")
    execute(shop, "DELETE FROM child")
    execute(shop, f"DROP USER '{name}'@'%'")
    changed = world()
    with pytest.raises(MissingDefinerError) as refused:
        restore_backup(target, backup_id, Wish(accept_loss=True))
    assert "view `theirs`" in refused.value.why
    assert f"CREATE USER `{name}`@`%` ACCOUNT LOCK;" in refused.value.hint
    typed = f"dbsync restore {backup_id} --accept-loss --accept-missing-definers"
    assert refused.value.hint.endswith(typed)
    assert world() == changed and leftovers(shop, target.database) == []
    result = restore_backup(target, backup_id, Wish(accept_loss=True, accept_missing_definers=True))
    assert world() == backed_up
    assert any(name in note for note in result.notes)
    assert rows(shop, "SHOW TABLES LIKE 'theirs'")
