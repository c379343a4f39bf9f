"""The swap judges under its locks, and where it does not happen everything is as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resources.errors import BackupCorruptError, RollbackFailedError, RollbackRefusedError
from resources.mysql.connection import execute, rows, value
from resources.mysql.digest import TableDigest, table_digests
from resources.rollback import put_back, swap
from resources.rollback.old_state import read_old_state, require_complete
from resources.rollback.side import leftovers

pytestmark = pytest.mark.slow

# A view in the place of a table, and keys and triggers on what is put aside.
REPLACED = (
    "ALTER TABLE item ADD COLUMN extra INT",
    "CREATE TRIGGER item_third BEFORE INSERT ON item FOR EACH ROW SET NEW.kind = 'b'",
    "ALTER TABLE parent ADD COLUMN extra INT",
    "RENAME TABLE old TO older",
    "CREATE VIEW old AS SELECT id FROM older",
    "CREATE TABLE unnamed (p INT, FOREIGN KEY (p) REFERENCES parent (id))",
)


def test_a_row_written_right_after_the_locks_is_a_note_even_where_the_log_is_gone(
    shop, journal, release, monkeypatch
):
    deployment = release()
    journal.record(deployment.id, "applying", binlog_file="")
    deployment.migrate("UPDATE item SET kind = 'b' WHERE id = 1")
    real = put_back._finish

    def late(*arguments):
        execute(shop, "INSERT INTO item (id, parent_id) VALUES (77, 500)")
        return real(*arguments)

    monkeypatch.setattr(put_back, "_finish", late)
    result = deployment.undo(accept_loss=True)
    assert result.outcome == "rolled_back"
    assert result.notes == ("`item`: rows were written as soon as it was back (2 then, 3 now)",)
    assert journal.get(deployment.id).facts["verified"] is True
    assert [one for (one,) in rows(shop, "SELECT id FROM item ORDER BY id")] == [1, 2, 77]


def test_rows_that_are_wrong_under_the_locks_are_not_swapped_in(shop, target, world, release, monkeypatch):
    deployment = release()
    deployment.migrate(*REPLACED)
    damaged, real = world(), swap._lock

    def meddled(connection, tables):
        for name in leftovers(shop, target.database):
            if "_side_" in name:
                execute(shop, f"UPDATE `{name}`.parent SET name = 'x' WHERE id = 500")
        real(connection, tables)

    monkeypatch.setattr(swap, "_lock", meddled)
    with pytest.raises(RollbackFailedError, match="not complete") as failed:
        deployment.undo()
    assert "rows of `parent` were changed before" in failed.value.why
    assert world() == damaged
    assert leftovers(shop, target.database) == []


def test_an_error_between_stripping_and_the_swap_leaves_views_keys_and_triggers_on(
    shop, target, world, release, monkeypatch
):
    before = world()
    deployment = release()
    deployment.migrate(*REPLACED)
    damaged = world()

    def broken(*_: object) -> list[str]:
        assert rows(shop, "SHOW TRIGGERS") == [], "everything is off at this moment"
        assert value(shop, "SELECT COUNT(*) FROM information_schema.views WHERE table_name = 'old'") == 0
        raise OSError("no more")

    monkeypatch.setattr(swap, "_renames", broken)
    with pytest.raises(RollbackFailedError) as failed:
        deployment.undo()
    assert "DATA STATE: as the failed deployment left it: what its migrations did" in failed.value.why
    assert world() == damaged
    assert leftovers(shop, target.database) == []
    monkeypatch.undo()
    deployment.undo()
    assert world() == before


def test_a_view_in_the_way_is_still_there_when_the_last_look_refuses(
    shop, target, world, release, write_in_the_last_moment
):
    deployment = release()
    deployment.migrate(*REPLACED)
    write_in_the_last_moment("INSERT INTO parent (name) VALUES ('user')")
    with pytest.raises(RollbackRefusedError, match="would lose"):
        deployment.undo()
    assert len(rows(shop, "SELECT id FROM old")) == 2
    assert "item_third" in [name for (name, *_) in rows(shop, "SHOW TRIGGERS")]


def test_where_they_cannot_be_put_on_again_the_data_state_says_so_and_the_next_run_does_it(
    shop, target, world, release, monkeypatch
):
    deployment = release()
    deployment.migrate(*REPLACED)
    damaged = world()

    holds_the_locks = []
    real = swap._lock

    def lock(connection, tables):
        holds_the_locks.append(connection.thread_id())
        real(connection, tables)

    def cut_off(*_: object) -> list[str]:
        execute(shop, f"KILL {holds_the_locks[0]}")
        return ["nowhere"]

    monkeypatch.setattr(swap, "_lock", lock)
    monkeypatch.setattr(swap, "_renames", cut_off)
    once = replace(target.policy, rollback_max_attempts=1)
    deployment.target = replace(target, policy=once)
    with pytest.raises(RollbackFailedError) as failed:
        deployment.undo()
    assert "keys and triggers of `item`, " in failed.value.why
    assert world() != damaged
    monkeypatch.undo()
    execute(shop, "INSERT INTO parent (name) VALUES ('user')")
    damaged = replace(damaged, digests=world().digests)
    with pytest.raises(RollbackRefusedError, match="would lose"):
        deployment.undo()
    assert world() == damaged


def test_a_backup_that_holds_other_rows_than_proven_is_found_before_anything_is_touched(
    shop, target, world, release
):
    deployment = release()
    deployment.migrate(*REPLACED)
    damaged = world()
    old = read_old_state(deployment.source, target.database)
    proven = table_digests(deployment.source.endpoint, target.database)
    steps: list[str] = []
    with pytest.raises(BackupCorruptError, match="nothing in the database was touched"):
        put_back.put_back(
            target,
            deployment.source,
            old,
            ["item"],
            names=put_back.SideNames.of(target.database, "x1"),
            record=lambda step, **_: steps.append(step),
            proven={**proven, "item": TableDigest(2, 1)},
        )
    assert steps == ["side"]
    assert leftovers(shop, target.database) == []
    for wrong in (
        {name: digest for name, digest in proven.items() if name != "item"},
        {**proven, "more": TableDigest(0, 0)},
    ):
        with pytest.raises(BackupCorruptError, match="nothing in the database was touched"):
            require_complete(deployment.source, old, wrong)
    assert world() == damaged


def test_rows_of_another_database_that_would_point_at_nothing_count_too(shop, target, release):
    other = f"{target.database}__other"
    execute(shop, f"CREATE DATABASE `{other}`")
    execute(
        shop,
        f"CREATE TABLE `{other}`.far (a INT, b INT, CONSTRAINT far FOREIGN KEY (b)"
        f" REFERENCES `{target.database}`.item (id))",
    )
    deployment = release()
    deployment.migrate("INSERT INTO item (id, parent_id) VALUES (99, 500)")
    execute(shop, f"INSERT INTO `{other}`.far VALUES (1, 99), (1, 99), (99, 1), (2, NULL)")
    with pytest.raises(RollbackRefusedError) as refused:
        deployment.undo()
    assert refused.value.why == f"2 rows would point at nothing ({other}.far → item)"
    execute(shop, f"DROP DATABASE `{other}`")


def test_a_parent_that_the_migration_dropped_comes_back_under_its_children(shop, world, release):
    before = world()
    deployment = release()
    deployment.migrate("SET SESSION foreign_key_checks = 0", "DROP TABLE item")
    assert deployment.undo().tables == ("item",)
    assert world() == before
    with pytest.raises(Exception, match="foreign key constraint fails"):
        execute(shop, "INSERT INTO child (item_id) VALUES (99)")


def test_users_rows_that_would_point_at_nothing_count_as_theirs(shop, target, world, release):
    deployment = release()
    deployment.migrate("INSERT INTO item (id, parent_id) VALUES (99, 500)")
    execute(shop, "INSERT INTO child (item_id) VALUES (99), (1)")
    damaged = world()
    with pytest.raises(RollbackRefusedError, match="would lose") as refused:
        deployment.undo()
    assert refused.value.why == "1 rows would point at nothing (child → item)"
    assert world() == damaged
    assert leftovers(shop, target.database) == []
    result = deployment.undo(accept_loss=True)
    assert result.lost["orphans"] == {"child → item": 1}
    assert value(shop, f"SELECT COUNT(*) FROM `{result.aside}`.item WHERE id = 99") == 1
    assert value(shop, "SELECT COUNT(*) FROM item WHERE id = 99") == 0
