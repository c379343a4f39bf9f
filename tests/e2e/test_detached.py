"""The server owns the work: a command that is lost leaves it to end by itself, and the next one joins it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from tests.e2e.conftest import DUPLICATES, GOOD

pytestmark = pytest.mark.slow
ADD_X = "ALTER TABLE `Post` ADD COLUMN `x` INTEGER NULL;"
SLEEP = "DO (SELECT SLEEP(1) FROM `User` LIMIT 1);"


def lose(process: subprocess.Popen[str], number: int) -> tuple[int, str]:
    process.send_signal(number)
    begun = time.monotonic()
    _, errors = process.communicate(timeout=60)
    assert time.monotonic() - begun < 5, "a runner kills what has not gone after 10 s"
    return process.returncode, errors


def worker(project) -> dict:
    (begun,) = Path(project.folder, ".dbsync", "work").glob("*/begun.json")
    return json.loads(begun.read_text())


@pytest.mark.parametrize("phase", ["begun", "backed_up", "migration_started", "applied", "validated"])
def test_a_deploy_whose_step_is_lost_in_any_phase_is_released_and_joined(project, phase):
    project.add_migration(GOOD[0], f"{GOOD[1]}\n{SLEEP}\n")
    process = project.start("deploy", GITHUB_ACTIONS="true")
    project.wait_for_phase(phase, process)
    if phase == "applied":
        assert process.stdout and process.stderr
        process.stdout.close()  # as when a connection ends
        process.stderr.close()
        assert process.wait(60) == 70
    else:
        code, errors = lose(process, signal.SIGTERM)
        assert code == 70 and "dbsync join" in errors
    code, report = project.report("join")
    assert (code, report["outcome"]) == (0, "released")
    assert project.applied()[-1] == GOOD[0]
    assert project.journal_phases()[-1] == "released"


def test_one_whose_step_is_lost_in_its_rollback_is_rolled_back_all_the_same(project):
    before = project.world()
    project.add_migration("20260401000000_bad", f"{ADD_X}\n{DUPLICATES}\n")
    process = project.start("deploy", "--json", GITHUB_ACTIONS="true")
    project.wait_for_phase("rolling_back", process)
    code, errors = lose(process, signal.SIGTERM)
    assert code == 70 and "dbsync join" in errors
    code, report = project.report("join")
    assert (code, report["outcome"]) == (40, "rolled_back")
    assert project.world() == before


def nothing_to_be_read_of(pid: int) -> None:
    """Neither secrets nor the mark by which a runner kills what a job leaves running."""
    environment = Path(f"/proc/{pid}/environ").read_bytes()
    for word in (b"RUNNER_TRACKING_ID", b"GITHUB", b"DATABASE_URL"):
        assert word not in environment
    assert os.getsid(pid) == pid, "a session of its own: no signal of a terminal reaches it"


def test_one_that_fails_later_is_rolled_back_by_itself_and_the_next_step_ends_with_its_exit_code(project):
    before = project.world()
    project.add_migration("20260401000000_slow", f"{ADD_X}\n{SLEEP}\n{DUPLICATES}\n")
    tokens = {"RUNNER_TRACKING_ID": "github_1", "GITHUB_TOKEN": "ghs_1", "GITHUB_ACTIONS": "true"}
    process = project.start("deploy", "--json", **tokens)
    project.wait_for_phase("migration_started", process)
    nothing_to_be_read_of(worker(project)["pid"])
    # The same release again joins the one that runs, whoever asked for it.
    second = project.start("deploy", "--json")
    code, _ = lose(process, signal.SIGTERM)
    assert code == 70
    deployment = sorted((project.storage / "journal").glob("*.jsonl"))[-1].stem
    # The next step, which has the deployment's id only.
    code, told = project.report("health", DBSYNC_DEPLOYMENT=deployment)
    assert (code, told["error"]["code"]) == (40, "migration-failed")
    out, errors = second.communicate(timeout=60)
    assert second.returncode == 40 and "joining work" in errors
    assert json.loads(out)["deployment"] == deployment
    assert project.world() == before
    assert project.journal_phases()[-1] == "rolled_back"
    shown = project.run("join", deployment)
    assert shown.returncode == 40 and "DATA STATE: as before this deployment" in shown.stderr


def test_a_killed_worker_is_put_right_by_whoever_joins_it(project):
    before = project.world()
    project.add_migration("20260401000000_slow", f"{ADD_X}\n{SLEEP}\n")
    process = project.start("deploy", "--detach")
    project.wait_for_phase("migration_started", process)
    while "`x`" not in project.world().schema["tables"]["Post"]:
        time.sleep(0.02)
    os.kill(worker(project)["pid"], signal.SIGKILL)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 71, errors
    assert "was killed" in errors and "rolled_back" in errors
    assert project.world() == before
    assert project.run("join").returncode == 71


def test_where_nothing_went_on_by_itself_there_is_nothing_to_join(empty_project):
    assert empty_project.run("join").returncode == 72
    assert empty_project.run("join", "../../x").returncode == 72
