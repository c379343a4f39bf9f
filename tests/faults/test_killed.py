"""kill -9 at each phase of a deployment: the next command tells the truth and puts it right."""

from __future__ import annotations

import json
import threading
import time

import pytest
from werkzeug import Response

from tests.e2e.conftest import DUPLICATES, GOOD
from tests.support.project import kill

pytestmark = pytest.mark.slow
SLOW = (
    "20260401000000_slow",
    "ALTER TABLE `Post` ADD COLUMN `x` INTEGER NULL;\n"
    "DO (SELECT SLEEP(20) FROM `User` LIMIT 1);\n"
    "ALTER TABLE `User` ADD COLUMN `y` INTEGER NULL;\n",
)


def _partial(project) -> list[str]:
    """Without those of the first milliseconds, which have no owner yet and go after an hour."""
    names = [path.name for path in project.storage.iterdir() if path.name.endswith(".partial")]
    return [name for name in names if not name.startswith(".new-")]


def test_killed_while_backing_up_nothing_was_changed_and_the_next_deploy_releases(project):
    backups = project.report("backups", "list")[1]
    before = project.world()
    project.add_migration(*GOOD)
    process = project.start("deploy")
    project.wait_for_phase("begun", process)
    deadline = time.monotonic() + 60
    while not _partial(project) and time.monotonic() < deadline:
        time.sleep(0.01)
    kill(process)
    assert project.world() == before
    assert project.report("backups", "list")[1] == backups, "half a backup is not listed"
    done = project.run("deploy")
    assert done.returncode == 0, done.stderr
    assert "nothing was changed" in done.stderr, "the killed deployment is reported"
    assert GOOD[0] in project.applied()
    assert not _partial(project)


def test_killed_inside_a_migration_the_next_command_rolls_back(project):
    before = project.world()
    project.add_migration(*SLOW)
    process = project.start("deploy")
    project.wait_for_phase("migration_started", process)
    while "`x`" not in project.world().schema["tables"]["Post"]:
        time.sleep(0.05)
    kill(process)
    code, report = project.report("status")
    assert code == 35, "a killed deployment is not reported as fine, nor its migration as one to resolve"
    assert report["last_deployment"]["phase"] not in ("released", "rolled_back")
    (project.migrations / SLOW[0] / "migration.sql").unlink()
    (project.migrations / SLOW[0]).rmdir()
    done = project.run("deploy")
    assert done.returncode == 0, done.stderr
    assert "rolled back" in done.stderr
    assert project.world() == before
    assert project.databases() == {project.database}


def test_of_a_killed_deployment_people_are_told_exactly_once(project, httpserver):
    httpserver.expect_request("/hook", method="POST").respond_with_data("ok")
    hook = {"NOTIFICATION_WEBHOOK": httpserver.url_for("/hook")}
    before = project.world()
    project.add_migration(*SLOW)
    process = project.start("deploy", **hook)
    project.wait_for_phase("migration_started", process)
    kill(process)
    (project.migrations / SLOW[0] / "migration.sql").unlink()
    (project.migrations / SLOW[0]).rmdir()
    for _ in range(2):
        project.run("check", **hook)
    assert project.world() == before
    told = [json.loads(request.data)["outcome"] for request, _ in httpserver.log]
    assert told == ["reconciled"], "once, and not by every command that comes after"


@pytest.mark.parametrize("phase", ["applied", "validated"])
def test_killed_after_the_migrations_before_the_release_the_next_command_decides_and_says_so(
    project, phase, httpserver
):
    killed = threading.Event()
    httpserver.expect_request("/health").respond_with_handler(lambda _: killed.wait(60) and Response("late"))
    project.add_migration(*GOOD)
    process = project.start("deploy", HEALTH_URL=httpserver.url_for("/health"))
    project.wait_for_phase(phase, process)
    kill(process)
    killed.set()
    code, report = project.report("status")
    assert code == 35 and report["error"]["hint"] == "dbsync check"
    done = project.run("deploy")
    assert done.returncode == 0, done.stderr
    assert "rolled back" in done.stderr
    assert GOOD[0] in project.applied(), "after the rollback the migration was pending again and was released"


def test_killed_during_the_rollback_the_next_command_finishes_it(project):
    before = project.world()
    sql = f"ALTER TABLE `Post` ADD COLUMN `x` INTEGER NULL;\n{DUPLICATES}\n"
    path = project.add_migration("20260401000000_bad", sql)
    process = project.start("deploy")
    project.wait_for_phase("rolling_back", process)
    kill(process)
    assert project.run("status").returncode == 35
    path.unlink()
    path.parent.rmdir()
    done = project.run("deploy")
    assert done.returncode == 0, done.stderr
    assert project.world() == before
    assert project.databases() == {project.database}


@pytest.mark.parametrize("name", ["SIGINT", "SIGTERM"])
def test_a_cancelled_workflow_is_rolled_back_before_the_command_ends(project, name):
    import signal

    before = project.world()
    project.add_migration(*SLOW)
    process = project.start("deploy", "--json")
    project.wait_for_phase("migration_started", process)
    while "`x`" not in project.world().schema["tables"]["Post"]:
        time.sleep(0.05)
    process.send_signal(getattr(signal, name))
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130, err
    report = json.loads(out)
    assert report["ok"] is False and report["outcome"] == "rolled_back"
    assert report["migration"]["success"] is False
    assert project.journal_phases()[-1] == "rolled_back"
    assert project.world() == before
