"""The application is released with its database: a real PM2, real Node.js, a real Prisma Client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.live_app import LiveApp, Probe, unreleased
from tests.support.project import kill

pytestmark = pytest.mark.slow
CHANGE = (
    "20260201000000_change",
    "ALTER TABLE `User` ADD COLUMN `name` VARCHAR(191) NULL;\n"
    "UPDATE `User` SET `email` = CONCAT('x', `email`);\n",
)


@pytest.fixture(scope="module")
def live(server, tools, tmp_path_factory) -> Iterator[LiveApp]:
    """Released once, with two rows. Every test leaves a good release behind."""
    with unreleased(server, tools, tmp_path_factory.mktemp("live"), "cluster") as made:
        done = made.project.run("deploy")
        assert done.returncode == 0, done.stderr
        made.project.execute("INSERT INTO `User` (`email`) VALUES ('a@x'), ('b@x')")
        yield made


def test_a_first_release_runs_and_is_seen_to_be_well(live):
    assert live.ask()["commit"] == live.state().release
    assert live.state().processes[0][1] == "online"
    code, report = live.project.report("app", "status")
    assert code == 0 and report["current"] == live.state().release
    assert "DATABASE_URL" not in str(report) and "password" not in str(report)
    code, report = live.project.report("health")
    assert code == 0 and report["application"]["good_in_a_row"] == 3


BAD = {
    "crash": ({"crash": True}, 52, 30),
    "wrong body": ({"body": "<h1>Something went wrong</h1>"}, 51, 30),
    "flaps": ({"flap": True}, 51, 30),
    "redirects": ({"redirect": "/login"}, 51, 30),
    "hangs": ({"hang": True}, 51, 30),
}
SAID = {"flaps": "HTTP 503", "redirects": "HTTP 302 (a redirect, not followed)", "hangs": "no whole answer"}


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
        code, report = live.project.report("deploy", APP_READY_TIMEOUT="8s")
    record_property("wrong answers (s)", round(probe.wrong_seconds, 2))
    live.forget_commit()
    assert code == exit_code, report
    assert live.state() == before
    assert report["outcome"] == "rolled_back" and SAID.get(case, "") in report["error"]["why"]
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


def test_a_slow_start_is_waited_for_and_released_and_a_rollback_that_is_refused_leaves_it(
    live, record_property
):
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

    live.project.execute("INSERT INTO `User` (`email`) VALUES ('since@x')")
    released, processes = live.state(), [one.pid for one in live.listing().processes]
    code, report = live.project.report("rollback")
    assert code == 61, report
    assert live.state() == released, "nothing was undone, of the application neither"
    assert [one.pid for one in live.listing().processes] == processes, "nor was it switched meanwhile"
    assert live.project.report("status")[1]["last_deployment"]["phase"] == "released"


CODE_FIRST = (
    "20260301000000_one_address",
    "ALTER TABLE `User` ADD COLUMN `seen` BOOLEAN NOT NULL DEFAULT false;\n"
    "UPDATE `User` SET `email` = 'the same';\n"
    "CREATE UNIQUE INDEX `User_email_key` ON `User`(`email`);\n",
)


def test_code_first_a_failing_migration_puts_the_build_before_back_and_a_mended_one_is_released(live):
    before = live.state()
    live.alerts.clear()
    live.project.add_migration(*CODE_FIRST)
    live.commit("code first")
    with Probe(live) as probe:
        code, report = live.project.report("deploy", APP_ORDER="code-first")
    live.forget_commit()
    assert (code, report["outcome"]) == (40, "rolled_back"), report
    assert live.state() == before
    phases = live.project.journal_phases()
    order = ["app_switched", "applying", "rolled_back", "app_back"]
    assert [one for one in phases if one in order] == order, phases
    assert [alert["outcome"] for alert in live.alerts] == ["rolled_back"]
    # At each of the two reloads one request under way may wait for its time-out of 2 s.
    assert probe.wrong_seconds < 5, "both builds bear the schema before"

    live.project.add_migration(CODE_FIRST[0], CODE_FIRST[1].replace("'the same'", "CONCAT(`id`, '@x')"))
    commit = live.commit("mended")
    code, report = live.project.report("deploy", APP_ORDER="code-first")
    assert (code, report["outcome"]) == (0, "released"), report
    assert live.ask()["commit"] == commit == live.state().release
    assert CODE_FIRST[0] in live.project.applied()
    phases = live.project.journal_phases()
    assert phases.index("app_switched") < phases.index("applying"), phases
