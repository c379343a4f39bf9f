"""One process that PM2 only restarts: its first release, a good one, the way back by hand, a crashing one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.live_app import LiveApp, Probe, unreleased

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def new(server, tools, tmp_path_factory) -> Iterator[LiveApp]:
    with unreleased(server, tools, tmp_path_factory.mktemp("fork"), "fork") as made:
        yield made


@pytest.fixture(scope="module")
def failed_first(new: LiveApp) -> dict[str, Any]:
    """What the very first release left behind: it crashed."""
    before = new.project.world()
    commit = new.commit("crashes", crash=True)
    done = new.project.run("deploy")
    new.forget_commit()
    return {
        "commit": commit,
        "said": done.stderr,
        "exit": done.returncode,
        "database as before": new.project.world() == before and len(new.project.databases()) == 1,
        "processes": new.listing(),
        "current": os.path.lexists(new.root / "current"),
        "alerts": [alert["outcome"] for alert in new.alerts],
        "back": new.project.run("app", "back"),
    }


@pytest.fixture(scope="module")
def live(new: LiveApp, failed_first: dict[str, Any]) -> LiveApp:
    """Released well behind that, with two rows. Every test leaves a good release behind."""
    # Code first has no meaning yet: the new code would meet an empty database.
    done = new.project.run("deploy", APP_ORDER="code-first")
    assert done.returncode == 0, done.stderr
    phases = new.project.journal_phases()
    assert phases.index("applied") < phases.index("app_switching"), phases
    new.project.execute("INSERT INTO `User` (`email`) VALUES ('a@x'), ('b@x')")
    return new


def test_a_first_release_that_crashes_leaves_nothing_running_and_the_database_as_before(failed_first):
    assert failed_first["exit"] == 52
    assert failed_first["database as before"]
    listing = failed_first["processes"]
    assert listing.unknown is None and listing.processes == ()
    assert not failed_first["current"]
    assert failed_first["alerts"] == ["rolled_back"]
    assert "restarted" in failed_first["said"]
    assert "DATA STATE: as before this deployment" in failed_first["said"]
    assert "APPLICATION: runs nothing, as before" in failed_first["said"]
    back = failed_first["back"]
    assert back.returncode == 2, "a release that was never well is none to go back to"
    assert "no release from before the current one is kept" in back.stderr


def test_a_good_release_is_a_restart_and_back_goes_to_the_one_before_once(live, record_property):
    first = live.state()
    second = live.commit("second")
    with Probe(live) as probe:
        code, report = live.project.report("deploy")
    record_property("wrong answers (s)", round(probe.wrong_seconds, 2))
    assert (code, report["outcome"]) == (0, "released"), report
    assert live.ask()["commit"] == second == live.state().release
    assert probe.wrong_seconds < 5, "nobody answers between the end of the one and the start of the other"

    # The file outlives its daemon; the number in it may be anybody's.
    (live.pm2_home / "pm2.pid").write_text(str(os.getpid()))
    code, status = live.project.report("app", "status")
    assert code == 0 and status["processes"][0]["runs_in"].endswith(second)
    assert (status["current"], status["before"]) == (second, [first.release])

    done = live.project.run("app", "back")
    assert (done.returncode, done.stdout.strip()) == (0, f"the application runs {first.release}"), done.stderr
    assert live.state() == first, "the database is not touched"

    again = live.project.run("app", "back")
    assert again.returncode == 2 and "no release from before the current one is kept" in again.stderr
    assert live.state() == first, "and not forward to what was just left"

    code, report = live.project.report("app", "back", second[:12])
    assert (code, report["release"]) == (0, second), "but by its name"
    assert live.ask()["commit"] == second


def test_back_to_what_does_not_come_up_ends_with_the_one_that_ran(live, failed_first):
    before = live.state()
    done = live.project.run("app", "back", failed_first["commit"])
    assert done.returncode == 52
    assert f"APPLICATION: runs {before.release} as before" in done.stderr
    live.wait_for_answer()
    assert live.state() == before


def test_a_crashing_release_is_rolled_back_in_fork_mode_too(live, record_property):
    """PM2 counts the end of a young process as unstable, even when it was PM2 that ended it."""
    before = live.state()
    live.alerts.clear()
    live.project.add_migration("20260201000000_change", "UPDATE `User` SET `email` = CONCAT('x', `email`);\n")
    live.commit("crash", crash=True)
    with Probe(live) as probe:
        code, report = live.project.report("deploy")
    record_property("wrong answers (s)", round(probe.wrong_seconds, 2))
    live.forget_commit()
    assert (code, report["outcome"]) == (52, "rolled_back"), report
    assert live.state() == before
    assert [alert["outcome"] for alert in live.alerts] == ["rolled_back"]
    assert probe.wrong_seconds < 30
