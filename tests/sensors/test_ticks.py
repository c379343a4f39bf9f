"""Ticks of the sensors against a real instance, a real repository and a real database."""

from __future__ import annotations

import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import dagster as dg
import pytest

from dbsync_assets.definitions import defs
from dbsync_assets.jobs import deploy
from dbsync_assets.old_runs import forget_old_runs
from dbsync_assets.run_process import PROCESS_TAG, is_gone, this_process
from resources.journal import Journal
from resources.mysql.connection import connect, execute
from resources.mysql.process_identity import identity_of
from resources.prisma.apply import apply_pending
from resources.prisma.lock import MigrationLock
from resources.release_source.attempts import Attempt
from resources.settings import CHECKOUT
from sensors.all import sensors
from sensors.git_migrations import _runs
from tests.resources.release_source.conftest import clone as clone  # a fixture


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture(autouse=True)
def surroundings(target, tools, clone, tmp_path, monkeypatch) -> None:
    end = target.endpoint
    (tmp_path / "app").mkdir()
    for name, text in {
        "DBSYNC_PROJECT": str(tmp_path / "app"),
        "DATABASE_URL": f"mysql://{end.user}:{end.password}@{end.host}:{end.port}/{target.database}",
        "BACKUP_STORAGE_PATH": str(target.storage),
        "DBSYNC_STATE": str(target.state),
        "DBSYNC_TOOLS": str(tools),
        "GIT_REPOSITORY": str(clone.folder),
    }.items():
        monkeypatch.setenv(name, text)
    monkeypatch.setattr("resources.settings._taken", {})  # a run takes the secrets out of the environment


def _tick(name: str, instance: dg.DagsterInstance, cursor: str | None = None):
    (sensor,) = [one for one in sensors() if one.name == name]
    context = dg.build_sensor_context(instance=instance, cursor=cursor, definitions=defs())
    return sensor.evaluate_tick(context)


def test_without_a_repository_the_sensor_says_so(instance, monkeypatch):
    monkeypatch.delenv("GIT_REPOSITORY")
    assert "GIT_REPOSITORY is not set" in (_tick("git_migrations", instance).skip_message or "")


def test_a_tick_pins_commit_migrations_author_and_attempt_and_doubled_ticks_share_a_key(
    instance, clone, target
):
    first, second = (_tick("git_migrations", instance) for _ in range(2))
    (request,) = first.run_requests or []
    assert request.tags["dbsync/author"] == "dev@example.org" and request.tags["dbsync/target"] == target.name
    assert request.tags["dbsync/attempt"] == "1" and len(request.tags["dbsync/migrations"]) == 64
    assert [one.run_key for one in second.run_requests or []] == [request.run_key]
    assert target.endpoint.password not in str(request)


def test_a_run_that_waits_is_waited_for_and_after_one_that_died_comes_the_next_number(instance, target):
    (request,) = _tick("git_migrations", instance).run_requests or []
    run = instance.create_run_for_job(defs().resolve_job_def(deploy.name), tags=dict(request.tags))
    assert "is being deployed" in (_tick("git_migrations", instance).skip_message or ""), "the cursor is lost"
    instance.report_run_failed(run, "killed")
    (known,) = _runs(instance, target)
    assert isinstance(known, Attempt) and (known.state, known.number) == ("not_begun", 1)
    assert "the next one in" in (_tick("git_migrations", instance).skip_message or "")


def test_a_wrong_setting_is_the_reason_of_a_tick_and_loses_no_definition(instance, monkeypatch):
    monkeypatch.setenv("GIT_BRANCH", "--upload-pack=x")
    assert {one.name for one in sensors()} == {
        "git_migrations",
        "reconcile",
        "drift",
        "alerts",
        "monitoring",
    }
    assert "GIT_BRANCH" in (_tick("git_migrations", instance).skip_message or "")


def test_sensors_and_schedules_are_off_until_the_setting_names_them(monkeypatch):
    def running() -> set[str]:
        found = defs()
        on = [one.name for one in found.sensors or () if one.default_status.value == "RUNNING"]
        on += [one.name for one in found.schedules or () if one.default_status.value == "RUNNING"]
        return set(on)

    assert running() == set()
    monkeypatch.setenv("DBSYNC_SENSORS", "reconcile, backup_schedule")
    assert running() == {"reconcile", "backup_schedule"}
    monkeypatch.setenv("DBSYNC_SENSORS", "all")
    assert len(running()) == 9


def _dead_process() -> str:
    child = subprocess.Popen(["sleep", "60"])
    me = identity_of(child.pid)
    child.kill()
    child.wait()
    return f"{this_process().split()[0]} {me.pid} {me.started}"


def test_dagster_is_told_of_a_killed_run_and_not_of_one_that_works(instance):
    job = defs().resolve_job_def(deploy.name)
    runs = [
        instance.create_run_for_job(job, tags={PROCESS_TAG: process}, status=dg.DagsterRunStatus.STARTED)
        for process in (_dead_process(), this_process(), f"other-host {2**22} 1")
    ]
    assert "told of 1 killed" in (_tick("reconcile", instance).skip_message or "")
    found = [instance.get_run_by_id(run.run_id) for run in runs]
    assert [one.status.value for one in found if one] == ["FAILURE", "STARTED", "STARTED"]
    assert not is_gone("") and not is_gone("nonsense of somebody")


def test_a_killed_deployment_gets_a_run_then_waits_and_the_run_ends_it(instance, target):
    code = (
        "import sys; from pathlib import Path; from resources.journal import Journal; "
        "print(Journal(Path(sys.argv[1])).begin(sys.argv[2]))"
    )
    asked = [sys.executable, "-c", code, str(target.storage), target.name]
    done = subprocess.run(asked, capture_output=True, text=True, check=True)
    deployment = done.stdout.strip()
    tick = _tick("reconcile", instance)
    assert len(tick.run_requests or []) == 1 and deployment in str((tick.run_requests or [])[0].run_key)
    again = _tick("reconcile", instance, tick.cursor)
    assert not again.run_requests and "is tried again in" in (again.skip_message or "")
    result = defs().resolve_job_def("reconcile").execute_in_process(instance=instance)
    assert result.success
    assert Journal(target.storage).get(deployment).phase == "failed", (
        "nothing had been changed, and it says so"
    )
    assert "no deployment was killed" in (_tick("reconcile", instance).skip_message or "")


def test_a_database_that_is_down_costs_no_try(instance, target, monkeypatch):
    entry = Journal(target.storage).begin(target.name)
    Journal(target.storage).record(entry, "rollback_incomplete")
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        name = target.name.rpartition(":")[0]
        monkeypatch.setenv("DATABASE_URL", f"mysql://root:pw@127.0.0.1:{port}/{target.database}")
        Journal(target.storage).record(entry, "rollback_incomplete", target=f"{name}:{port}")
        tick = _tick("reconcile", instance)
    assert not tick.run_requests and "waits for the database" in (tick.skip_message or "") and not tick.cursor


def test_a_change_by_hand_is_found_told_once_and_gone_when_it_is_taken_back(
    instance, target, clone, httpserver, monkeypatch
):
    httpserver.expect_request("/hook", method="POST").respond_with_data("ok")
    monkeypatch.setenv("NOTIFICATION_WEBHOOK", httpserver.url_for("/hook"))
    (request,) = _tick("drift", instance).run_requests or []
    assert request.tags["dbsync/target"] == target.name
    applied = replace(target, migrations=clone.migrations)
    with MigrationLock(applied, "test") as lock:
        apply_pending(applied, lock, lambda *_: None)

    def compared() -> bool:
        job = defs().resolve_job_def("drift")
        return job.execute_in_process(instance=instance, raise_on_error=False).success

    assert compared()
    with connect(target.endpoint, target.database) as connection:
        execute(connection, "ALTER TABLE `User` ADD COLUMN `by_hand` INTEGER NULL")
    assert not compared() and not compared()
    (told,) = [request.get_data(as_text=True) for request, _ in httpserver.log]
    assert "by_hand" in told, "the same difference is told once"
    with connect(target.endpoint, target.database) as connection:
        execute(connection, "ALTER TABLE `User` DROP COLUMN `by_hand`")
    assert compared()


def test_no_tick_takes_the_secrets_out_of_the_environment_that_its_runs_inherit():
    found = [path.name for path in (CHECKOUT / "sensors").glob("*.py") if "drop_secrets(" in path.read_text()]
    assert found == []


def test_old_runs_are_removed_those_that_go_on_and_the_others_stay(instance):
    job = defs().resolve_job_def(deploy.name)
    ended, going = (
        instance.create_run_for_job(job, status=status)
        for status in (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.STARTED)
    )
    assert forget_old_runs(instance, 3600) == 0
    assert forget_old_runs(instance, -3600) == 1, "as in an hour from now"
    assert instance.get_run_by_id(ended.run_id) is None and instance.get_run_by_id(going.run_id)
