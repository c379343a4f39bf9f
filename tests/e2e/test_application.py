"""The application is released with its database: a real PM2, real Node.js, a real Prisma Client."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import uuid4

import pytest

from resources.mysql.connection import execute, quoted, rows
from resources.mysql.leftovers import stop_leftovers
from tests.support.live_app import LiveApp, Probe, Receiver, live_app
from tests.support.project import Project, kill

pytestmark = pytest.mark.slow
INIT = (
    "20260101000000_init",
    "CREATE TABLE `User` (`id` INTEGER NOT NULL AUTO_INCREMENT, `email` VARCHAR(191) NOT NULL,"
    " PRIMARY KEY (`id`)) DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci;\n",
)
CHANGE = (
    "20260201000000_change",
    "ALTER TABLE `User` ADD COLUMN `name` VARCHAR(191) NULL;\n"
    "UPDATE `User` SET `email` = CONCAT('x', `email`);\n",
)


@pytest.fixture(scope="module")
def live(server, tools, tmp_path_factory) -> Iterator[LiveApp]:
    """Released once, with two rows. Every test leaves a good release behind."""
    name = f"t_{uuid4().hex[:12]}"
    folder = tmp_path_factory.mktemp("live")
    project = Project(folder / "app", server.tcp_endpoint, name, tools)
    with server.connect() as admin:
        execute(admin, f"CREATE DATABASE {quoted(name)}")
    project.add_migration(*INIT)
    try:
        with live_app(project, folder / "srv") as made:
            receiver = Receiver(made.alerts)
            project.environment["NOTIFICATION_WEBHOOK"] = receiver.url
            done = project.run("deploy")
            assert done.returncode == 0, done.stderr
            project.execute("INSERT INTO `User` (`email`) VALUES ('a@x'), ('b@x')")
            yield made
            receiver.shutdown()
    finally:
        for inside in ("servers", "replay"):
            stop_leftovers(project.folder / ".dbsync" / inside)
        with server.connect() as admin:
            for (found,) in rows(admin, "SHOW DATABASES"):
                if found == name or found.startswith(f"{name}__"):
                    execute(admin, f"DROP DATABASE {quoted(found)}")


def test_a_first_release_runs_and_is_seen_to_be_well(live):
    assert live.ask()["commit"] == live.state().release
    assert live.state().processes[0][1] == "online"
    code, report = live.project.report("app", "status")
    assert code == 0 and report["current"] == live.state().release
    assert "DATABASE_URL" not in str(report) and "password" not in str(report)
    code, report = live.project.report("health")
    assert code == 0 and report["application"]["good_in_a_row"] == 3


BAD = {
    "crash": ({"crash": True}, 52, 10),
    "wrong body": ({"body": "<h1>Something went wrong</h1>"}, 51, 15),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_release_leaves_database_build_and_processes_as_they_were_and_tells_once(
    live, case, record_property
):
    behaviour, exit_code, bound = BAD[case]
    before = live.state()
    live.alerts.clear()
    live.project.add_migration(*CHANGE)
    live.commit(case, **behaviour)
    with Probe(live) as probe:
        code, report = live.project.report("deploy")
    record_property("wrong answers (s)", round(probe.wrong_seconds, 2))
    live.forget_commit()
    assert code == exit_code, report
    assert live.state() == before
    assert report["outcome"] == "rolled_back"
    phases = live.project.journal_phases()
    assert [one for one in phases if one.startswith("app_")] == [
        "app_built",
        "app_switching",
        "app_switched",
        "app_back",
    ]
    assert phases.count("rolled_back") == 1 and phases.index("app_back") < phases.index("rolled_back")
    assert [alert["outcome"] for alert in live.alerts] == ["rolled_back"]
    assert probe.wrong_seconds < bound


def test_a_build_that_fails_stops_the_deployment_before_anything_is_touched(live):
    before = live.state()
    live.alerts.clear()
    live.project.add_migration(*CHANGE)
    (live.project.folder / "build.sh").write_text("echo compiling; echo 'Type error: x' >&2; exit 7\n")
    live.commit("does not build")
    with Probe(live) as probe:
        done = live.project.run("deploy")
    live.forget_commit()
    assert done.returncode == 44
    assert "Type error: x" in done.stderr and "ended with 7" in done.stderr
    assert live.state() == before
    assert "applying" not in live.project.journal_phases()
    assert [alert["outcome"] for alert in live.alerts] == ["failed"]
    assert probe.wrong_seconds < 1


def test_dbsync_and_pm2_killed_between_switch_and_health_the_next_command_puts_both_back(live):
    before = live.state()
    live.project.add_migration(*CHANGE)
    live.commit("to be killed")
    process = live.project.start("deploy")
    live.project.wait_for_phase("app_switched", process)
    kill(process)
    live.kill_pm2()
    live.forget_commit()
    live.alerts.clear()
    code, report = live.project.report("check")
    assert code == 0, report
    assert live.state() == before
    assert live.project.journal_phases()[-1] == "rolled_back"
    assert [alert["outcome"] for alert in live.alerts] == ["reconciled"]


def test_a_slow_start_is_waited_for_and_released(live, record_property):
    live.project.add_migration(*CHANGE)
    commit = live.commit("slow", slowSeconds=3)
    with Probe(live) as probe:
        code, report = live.project.report("deploy")
    record_property("wrong answers (s)", round(probe.wrong_seconds, 2))
    assert (code, report["outcome"]) == (0, "released"), report
    assert live.ask()["commit"] == commit == live.state().release
    assert report["timings"]["application"] > 3
    assert probe.wrong_seconds < 1, "in cluster mode the old process serves until the new one listens"
    assert CHANGE[0] in live.project.applied()
