"""What killed processes left is put right once, and what runs is left alone."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from resources.app.app import App
from resources.app.releases import Releases
from resources.backup.make import make_full_backup
from resources.backup.standing import record_proof
from resources.errors import LockBusyError
from resources.journal import Journal
from resources.mysql.connection import connect, execute, rows, value
from resources.prisma.history import CREATE_TABLE
from resources.rollback.reconcile import reconcile
from resources.rollback.restore import RESTORES
from resources.rollback.rollback import roll_back
from resources.rollback.side import SideNames, leftovers, make_side
from tests.resources.rollback.test_rollback import BAD


@pytest.fixture
def died(target):
    """As if the process that wrote this deployment's journal had been killed."""

    def run(deployment: str, kind: str = "") -> None:
        path = Path(target.storage, "journal", kind, f"{deployment}.jsonl")
        events = [json.loads(line) for line in path.read_text().splitlines() if line]
        path.write_text("".join(json.dumps(event | {"started": "0"}) + "\n" for event in events))

    return run


def test_killed_before_applying_nothing_was_changed(connection, target, journal, died):
    one = journal.begin(target.name)
    died(one)
    (found,) = reconcile(target, journal)
    assert found.outcome == "failed" and "nothing was changed" in str(found)
    assert journal.get(one).phase == "failed"
    assert list(reconcile(target, journal)) == [], "one notice, not two"


def test_a_database_that_the_killed_deployment_created_is_gone(connection, target, journal, died, server):
    one = journal.begin(target.name, database_created=True)
    died(one)
    list(reconcile(target, journal))
    with server.connect() as admin:
        assert target.database not in [name for (name,) in rows(admin, "SHOW DATABASES")]


def test_a_created_database_in_use_stays(connection, target, journal, died):
    execute(connection, "CREATE TABLE a (id INT)")
    died(journal.begin(target.name, database_created=True))
    list(reconcile(target, journal))
    assert value(connection, "SELECT COUNT(*) FROM a") == 0


def test_a_running_process_is_left_alone_and_nothing_else_is_done(connection, target, journal):
    one = journal.begin(target.name)
    journal.record(one, "applying")
    with pytest.raises(LockBusyError, match="still under way"):
        list(reconcile(target, journal))
    assert journal.get(one).phase == "applying"


def test_another_machines_deployment_is_judged_by_its_sessions(connection, target, journal):
    one = journal.begin(target.name)
    journal.record(one, "backed_up", threads=[int(connection.thread_id())], host="elsewhere")
    with pytest.raises(LockBusyError, match="on elsewhere"):
        list(reconcile(target, journal))
    journal.record(one, "released", host="elsewhere")
    two = journal.begin(target.name)
    journal.record(two, "backed_up", threads=[1 << 30], host="elsewhere")
    assert [found.deployment for found in reconcile(target, journal)] == [two]


def test_past_every_gate_it_is_released_and_its_application_is_one_to_go_back_to(
    connection, target, journal, died, tmp_path
):
    app = App(tmp_path / "srv", tmp_path, ("shop",), tmp_path / "pm2")
    releases = Releases(app)
    releases.begin("built").mkdir(parents=True)
    releases.finish("built", {"commit": "built"})
    one = journal.begin(target.name)
    journal.record(one, "applying")
    journal.record(one, "app_switching", app_release="built")
    journal.record(one, "healthy")
    died(one)
    assert [found.outcome for found in reconcile(replace(target, app=app), journal)] == ["released"]
    assert journal.get(one).phase == "released"
    assert releases.before(None) == ["built"]


def test_a_refused_rollback_waits_for_a_person_until_a_release_stands_on_it(
    connection, target, journal, died
):
    one = journal.begin(target.name)
    journal.record(one, "applying")
    journal.record(one, "rollback_refused")
    died(one)
    assert list(reconcile(target, journal)) == []
    assert journal.get(one).phase == "rollback_refused"
    two = journal.begin(target.name)
    journal.record(two, "released")
    assert list(reconcile(target, journal)) == []
    assert journal.get(one).phase == "abandoned"


def test_an_interrupted_restore_is_named_once(connection, target, journal, died):
    restores = Journal(target.storage, RESTORES)
    names = SideNames.of(target.database, "r1")
    one = restores.begin(target.name, backup_id="b", side=names.side, aside=names.aside)
    make_side(connection, names, "utf8mb4", "utf8mb4_0900_ai_ci")
    died(one, RESTORES)
    (found,) = reconcile(target, journal)
    assert "as it was before" in str(found)
    assert list(reconcile(target, journal)) == []


@pytest.mark.slow
@pytest.mark.parametrize("phase", ["applied", "validated"])
def test_killed_after_applying_it_is_rolled_back_from_the_stored_backup(
    shop, target, journal, world, died, phase
):
    execute(shop, CREATE_TABLE)
    before = world()
    made = make_full_backup(target)
    one = journal.begin(target.name)
    journal.record(
        one,
        "backed_up",
        backup_id=made.manifest.id,
        binlog_file=made.manifest.binlog_file,
        binlog_position=made.manifest.binlog_position,
    )
    journal.record(one, "applying")
    with connect(target.endpoint, target.database) as session:
        threads = [int(session.thread_id())]
        journal.record(one, "migration_started", migration="1_bad", threads=threads)
        for statement in BAD:
            execute(session, statement)
    journal.record(one, phase)
    died(one)
    (found,) = reconcile(target, journal)
    assert found.outcome == "rolled_back" and "`item`" in str(found)
    assert world() == before
    assert leftovers(shop, target.database) == []
    assert list((target.state / "servers").iterdir()) == []


@pytest.mark.slow
def test_an_automatic_rollback_uses_no_backup_that_failed_its_newest_proof(
    shop, target, journal, release, died, world
):
    execute(shop, CREATE_TABLE)
    before = world()
    deployment = release()
    made = make_full_backup(target).manifest
    journal.record(
        deployment.id,
        "applying",
        backup_id=made.id,
        binlog_file=made.binlog_file,
        binlog_position=made.binlog_position,
    )
    deployment.migrate(*BAD)
    changed = world()
    record_proof(Path(made.file_path), replace(made.proof, proven=False, result="FAILED: x"))
    died(deployment.id)
    (found,) = reconcile(target, journal)
    assert found.outcome == "rollback_refused"
    assert "not proven to restore" in str(found) and "FAILED: x" in str(found)
    assert "--accept-failed-proof" in str(found) and f"backups verify {made.id}" in str(found)
    assert world() == changed
    roll_back(target, journal, deployment.id, reason="by hand", accept_failed_proof=True)
    assert world() == before


@pytest.mark.slow
def test_users_rows_are_reported_not_lost(shop, target, journal, release, died):
    execute(shop, CREATE_TABLE)
    deployment = release()
    made = make_full_backup(target)
    journal.record(
        deployment.id,
        "applying",
        backup_id=made.manifest.id,
        binlog_file=made.manifest.binlog_file,
        binlog_position=made.manifest.binlog_position,
    )
    deployment.migrate(*BAD)
    execute(shop, "INSERT INTO item (parent_id) VALUES (500)")
    died(deployment.id)
    (found,) = reconcile(target, journal)
    assert found.outcome == "rollback_refused"
    assert "`item`: 1 inserted" in str(found) and "--accept-loss" in str(found)
    assert value(shop, "SELECT COUNT(*) FROM item") == 3
    assert list(reconcile(target, journal)) == [], "a person was told once"
