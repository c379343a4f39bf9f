"""Rolling back ends in the state before, or says why it did not begin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pymysql.constants import COMMAND

from resources.errors import RollbackFailedError, RollbackRefusedError, TargetMismatchError
from resources.mysql.connection import connect, execute, rows, value
from resources.prisma.history import CREATE_TABLE
from resources.rollback.rollback import roll_back
from resources.rollback.side import leftovers

pytestmark = pytest.mark.slow

BAD = (
    "ALTER TABLE item ADD COLUMN extra INT",
    "UPDATE parent SET name = 'migrated'",
    "DROP TABLE old",
    "CREATE TABLE brand_new (id INT PRIMARY KEY)",
    "DROP TRIGGER item_first",
    "INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES ('1', 'c', '1_bad')",
)


@pytest.fixture
def shop(shop):
    execute(shop, CREATE_TABLE)
    return shop


def test_what_the_migration_touched_is_undone_and_other_rows_stay(shop, target, journal, world, release):
    before = world()
    deployment = release()
    execute(shop, "INSERT INTO audit (at_id) VALUES (2)")
    deployment.migrate(*BAD)
    result = deployment.undo()
    assert result.outcome == "rolled_back"
    assert set(result.tables) == {"_prisma_migrations", "brand_new", "item", "old", "parent"}
    after = world()
    assert after.schema == before.schema
    assert {k: v for k, v in after.digests.items() if k != "audit"} == {
        k: v for k, v in before.digests.items() if k != "audit"
    }
    assert value(shop, "SELECT COUNT(*) FROM audit") == 2
    assert leftovers(shop, target.database) == []
    assert journal.get(deployment.id).phase == "rolled_back"
    assert deployment.undo() == replace(result, seconds=0, carrier=""), "a second call only reports"


def test_changes_that_leave_the_schema_as_it_was_are_undone_too(shop, world, release):
    before = world()
    deployment = release()
    deployment.migrate("TRUNCATE TABLE child", "DELETE FROM old", "INSERT INTO audit (at_id) VALUES (2)")
    assert set(deployment.undo().tables) == {"child", "old", "audit"}
    assert world() == before


def test_a_view_that_gave_errors_before_and_was_dropped_does_not_stop_it(shop, world, release):
    execute(shop, "CREATE VIEW dead AS SELECT v FROM old")
    execute(shop, "DROP TABLE old")
    before = world()
    deployment = release()
    deployment.migrate("DROP VIEW dead", "UPDATE parent SET name = 'migrated'")
    result = deployment.undo()
    assert result.outcome == "rolled_back"
    assert any("view `dead` was not made again" in note and "old" in note for note in result.notes)
    after = world()
    assert after.digests == before.digests
    assert {**after.schema.views, "dead": before.schema.views["dead"]} == before.schema.views
    assert after.schema.events == before.schema.events


def test_users_rows_in_a_touched_table_stop_it_counted_and_named(shop, target, journal, world, release):
    deployment = release()
    deployment.migrate(*BAD)
    execute(shop, "INSERT INTO item (parent_id) VALUES (500), (501)")
    execute(shop, "DELETE FROM child WHERE id = 1")
    execute(shop, "UPDATE item SET kind = 'b' WHERE id = 1")
    damaged = world()
    with pytest.raises(RollbackRefusedError) as refused:
        deployment.undo()
    assert "`item`: 2 inserted, 1 updated" in refused.value.why
    assert "child" not in refused.value.why, "it is not among the tables that would be put back"
    assert f"dbsync rollback --deployment {deployment.id} --accept-loss" in refused.value.hint
    assert "dbsync resolve --applied 1_bad" in refused.value.hint
    assert world() == damaged
    assert leftovers(shop, target.database) == []
    assert journal.get(deployment.id).phase == "rollback_refused"


def test_accepted_losses_are_kept_aside(shop, target, release):
    deployment = release()
    deployment.migrate(*BAD)
    execute(shop, "INSERT INTO item (parent_id, hidden) VALUES (500, 'user')")
    result = deployment.undo(accept_loss=True)
    assert result.lost == {
        "rows": {"item": {"inserted": 1, "updated": 0, "deleted": 0}},
        "statements": {},
        "objects": {},
        "cascades": {},
        "orphans": {},
    }
    assert leftovers(shop, target.database) == [result.aside]
    assert value(shop, f"SELECT COUNT(*) FROM `{result.aside}`.item WHERE hidden LIKE '%%user'") == 1
    assert value(shop, "SELECT COUNT(*) FROM item") == 2
    assert result.as_dict()["drop_aside"] == f"DROP DATABASE `{result.aside}`"


def test_rows_written_in_the_last_moment_stop_the_swap(
    shop, target, world, release, write_in_the_last_moment
):
    """Between the look at the log and the lock: seen under the lock."""
    deployment = release()
    deployment.migrate(*BAD)
    write_in_the_last_moment("INSERT INTO item (parent_id) VALUES (500)")
    with pytest.raises(RollbackRefusedError, match="would lose"):
        deployment.undo()
    assert value(shop, "SELECT COUNT(*) FROM item") == 3
    assert "extra" in rows(shop, "SHOW CREATE TABLE item")[0][1]
    assert leftovers(shop, target.database) == []


def test_somebody_elses_ddl_on_a_touched_table_counts_as_theirs(shop, release):
    deployment = release()
    deployment.migrate(*BAD)
    execute(shop, "CREATE INDEX mine ON item (kind)")
    with pytest.raises(RollbackRefusedError) as refused:
        deployment.undo()
    assert "`item`: 1 DDL" in refused.value.why


def test_where_the_log_is_gone_it_cannot_tell_and_asks(shop, target, journal, world, release):
    before = world()
    deployment = release()
    journal.record(deployment.id, "applying", binlog_file="binlog.999999")
    deployment.migrate(*BAD)
    damaged = world()
    with pytest.raises(RollbackRefusedError, match="cannot be told"):
        deployment.undo()
    assert world() == damaged
    result = deployment.undo(accept_loss=True)
    assert world() == before
    assert leftovers(shop, target.database) == [result.aside]


def test_only_the_history_row_is_undone_even_where_the_log_is_gone(shop, journal, world, release):
    before = world()
    deployment = release()
    journal.record(deployment.id, "applying", binlog_file="")
    deployment.migrate(BAD[-1])
    assert deployment.undo().tables == ("_prisma_migrations",)
    assert world() == before


def test_nothing_changed_is_reported_as_such(shop, journal, world, release):
    before = world()
    deployment = release()
    deployment.migrate("INSERT INTO old VALUES (5, 'x')", "DELETE FROM old WHERE id = 5")
    assert deployment.undo().outcome == "failed"
    assert journal.get(deployment.id).phase == "failed"
    assert world() == before


def test_a_migration_that_created_the_history_table_leaves_none(connection, target, world, release):
    execute(connection, "DROP TABLE _prisma_migrations")
    before = world()
    deployment = release()
    deployment.migrate(CREATE_TABLE, *BAD)
    deployment.undo()
    assert world() == before


def test_a_script_that_still_runs_is_ended_first(shop, target, journal, world, release):
    """A dbsync that was killed -9 leaves its statement running on the server."""
    before = world()
    deployment = release()
    session = connect(target.endpoint, target.database, multi_statements=True)
    deployment.journal.record(
        deployment.id, "migration_started", migration="1_bad", threads=[int(session.thread_id())]
    )
    script = "ALTER TABLE item ADD COLUMN a INT; DO SLEEP(60); ALTER TABLE item ADD COLUMN b INT"
    begin: Any = session  # sends without waiting for the answer
    begin._execute_command(COMMAND.COM_QUERY, script)
    while "`a` int" not in rows(shop, "SHOW CREATE TABLE item")[0][1]:
        pass
    deployment.undo()
    assert world() == before
    assert session.thread_id() not in [one for (one, *_) in rows(shop, "SHOW PROCESSLIST")]


def test_switched_off_nothing_is_undone_and_it_says_so(shop, target, journal, world, release):
    deployment = release()
    deployment.migrate(*BAD)
    damaged = world()
    off = replace(target, policy=replace(target.policy, rollback_enabled=False))
    with pytest.raises(RollbackRefusedError, match="ROLLBACK_ENABLED"):
        roll_back(off, journal, deployment.id, source=deployment.source, reason="a test")
    assert world() == damaged
    assert journal.get(deployment.id).phase == "rollback_refused"


def test_a_failed_rollback_says_the_state_of_the_data_and_can_be_taken_up_again(
    shop, journal, world, release, monkeypatch
):
    from resources.rollback import load_side

    before = world()
    deployment = release()
    deployment.migrate(*BAD)
    damaged = world()

    def broken(*arguments: object) -> str:
        raise OSError("no more")

    monkeypatch.setattr(load_side, "carry_rows", broken)
    with pytest.raises(RollbackFailedError) as failed:
        deployment.undo()
    assert "DATA STATE: as the failed deployment left it" in failed.value.why
    assert "dbsync rollback" in failed.value.hint
    assert world() == damaged
    assert journal.get(deployment.id).phase == "rollback_incomplete"
    monkeypatch.undo()
    deployment.undo()
    assert world() == before


def test_an_older_deployment_is_not_undone_before_a_newer_one(shop, target, journal, release):
    first = release()
    first.migrate("UPDATE parent SET name = 'one'")
    journal.record(first.id, "released")
    second = journal.begin(target.name)
    journal.record(second, "applying")
    with pytest.raises(RollbackRefusedError, match=second):
        first.undo()


def test_what_a_later_deployment_wrote_that_is_undone_is_no_users_row(shop, journal, world, release):
    before = world()
    first = release()
    first.migrate("ALTER TABLE item ADD COLUMN w INT")
    journal.record(first.id, "released")
    released = world()
    second = release()
    second.migrate("INSERT INTO item (parent_id) VALUES (500)", "ALTER TABLE item ADD COLUMN z INT")
    second.undo()
    assert world() == released
    assert set(first.undo().tables) == {"item"}
    assert world() == before


def test_users_rows_beside_a_later_undone_deployment_count_all_the_same(shop, journal, release):
    first = release()
    first.migrate("ALTER TABLE item ADD COLUMN w INT")
    journal.record(first.id, "released")
    second = release()
    second.migrate("INSERT INTO item (parent_id) VALUES (500), (501)")
    execute(shop, "INSERT INTO item (parent_id) VALUES (500)")
    second.undo(accept_loss=True)
    execute(shop, "UPDATE item SET kind = 'b' WHERE id = 1")
    with pytest.raises(RollbackRefusedError) as refused:
        first.undo()
    assert refused.value.why == "`item`: 1 inserted, 1 updated"


def test_a_refused_rollback_of_a_released_deployment_leaves_it_released(
    shop, target, journal, world, release, monkeypatch, write_in_the_last_moment
):
    """Refused at once, refused under the tables' locks, switched off: each time nothing was undone."""
    before = world()
    deployment = release()
    deployment.migrate("ALTER TABLE item ADD COLUMN w INT")
    journal.record(deployment.id, "released")
    off = replace(target, policy=replace(target.policy, rollback_enabled=False))
    with pytest.raises(RollbackRefusedError, match="ROLLBACK_ENABLED"):
        roll_back(off, journal, deployment.id, source=deployment.source, reason="a test")
    assert journal.get(deployment.id).phase == "released"
    write_in_the_last_moment("INSERT INTO item (parent_id) VALUES (500)")
    with pytest.raises(RollbackRefusedError, match="would lose"):
        deployment.undo()
    assert journal.get(deployment.id).reached("rolling_back"), "it was refused in the last moment"
    assert journal.get(deployment.id).phase == "released"
    monkeypatch.undo()
    with pytest.raises(RollbackRefusedError, match="would lose"):
        deployment.undo()
    found = journal.get(deployment.id)
    assert (found.phase, found.facts["rollback_refused"]) == ("released", "`item`: 1 inserted")
    assert journal.unfinished(target.name) == []
    assert deployment.undo(accept_loss=True).outcome == "rolled_back"
    assert world() == before


def test_past_the_swap_a_refusal_does_not_make_it_released_again(target, journal):
    from resources.rollback import refusal

    one = journal.begin(target.name)
    for phase, facts in (("released", {}), ("rolling_back", {"step": "swapping"})):
        journal.record(one, phase, **facts)
    refusal.record(journal, journal.get(one), "a test", "why")
    assert journal.get(one).phase == "rollback_refused"


def test_a_deployment_of_another_target_is_refused(target, journal):
    other = journal.begin("elsewhere@host:1")
    with pytest.raises(TargetMismatchError):
        roll_back(target, journal, other, reason="a test")


def test_a_database_that_the_deployment_created_is_gone_again(connection, target, journal, clone, server):
    from tests.resources.rollback.conftest import Release

    deployment = Release(target, journal, clone)
    journal.record(deployment.id, "applying", database_created=True)
    deployment.migrate("CREATE TABLE a (id INT)")
    deployment.undo()
    with server.connect() as admin:
        assert target.database not in [name for (name,) in rows(admin, "SHOW DATABASES")]
