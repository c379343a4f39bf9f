"""What users copy is what the contract of the product says, and hangs together."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.examples.shop.conftest import SHOP

STEPS = {
    "Database Backup": "db:backup",
    "Migration Check": "db:migration:check",
    "Migration Execute": "db:migration:deploy",
    "Migration Validate": "db:migration:validate",
    "Health Check": "db:health:check",
}
SCRIPTS: dict[str, str] = json.loads((SHOP / "package.json").read_text())["scripts"]
WORKFLOW = yaml.safe_load((SHOP / ".github" / "workflows" / "deploy.yml").read_text())
JOB = WORKFLOW["jobs"]["deploy"]
RELEASED = {"ok": True, "outcome": "released", "deployment": "d1"}


def test_the_five_steps_are_there_in_order_each_a_command_that_gates_the_next():
    named = {step["name"]: step for step in JOB["steps"]}
    assert [name for name in named if name in STEPS] == list(STEPS)
    for name, script in STEPS.items():
        assert script in named[name]["run"]
        assert "if" not in named[name] and "continue-on-error" not in named[name]


def test_one_release_at_a_time_and_none_is_cancelled_by_the_next():
    assert WORKFLOW["concurrency"]["cancel-in-progress"] is False
    assert WORKFLOW["permissions"] == {"contents": "read"}
    # Without pipefail, `deploy | tee` would be green whatever deploy said.
    assert JOB["defaults"]["run"]["shell"] == "bash"
    assert any("failure() || cancelled()" in step.get("if", "") for step in JOB["steps"])


def test_every_script_is_a_verb_that_dbsync_has():
    from dbsync_assets.cli.app import app

    verbs = {command.name for command in app.registered_commands}
    assert {script.split()[1] for script in SCRIPTS.values() if script.startswith("dbsync ")} <= verbs


def test_every_script_that_the_workflow_calls_exists():
    called = re.findall(r"npm run (?:--silent )?([\w:]+)", json.dumps(JOB))
    assert set(called) <= set(SCRIPTS) and len(called) >= 5


def test_shell_in_the_workflow_is_sound():
    for step in JOB["steps"]:
        script = re.sub(r"\$\{\{.*?\}\}", "x", step["run"])
        checked = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True, check=False)
        assert checked.returncode == 0, (step["name"], checked.stderr)


def put_the_database_back(folder: Path, report: object) -> tuple[int, list[str]]:
    """What the step does where `db:join` prints the report: its exit code, and the scripts it ran."""
    (folder / "setup").mkdir()
    shutil.copy(SHOP / "setup" / "changed-by.js", folder / "setup")
    (folder / "report").write_text("" if report is None else json.dumps(report))
    (folder / "npm").write_text(
        '#!/bin/sh\nshift 2\necho "$*" >> ran\ncase $1 in db:join) cat report; exit 1 ;; esac\n'
    )
    (folder / "npm").chmod(0o755)
    (step,) = (step for step in JOB["steps"] if step["name"] == "Put the database back")
    done = subprocess.run(
        ["bash", "-eo", "pipefail", "-c", step["run"]],
        cwd=folder,
        env={"PATH": f"{folder}:/usr/local/bin:/usr/bin:/bin", "RUNNER_TEMP": str(folder)},
        capture_output=True,
        check=False,
    )
    return done.returncode, (folder / "ran").read_text().splitlines()


@pytest.mark.skipif(shutil.which("node") is None, reason="needs node")
@pytest.mark.parametrize(
    ("report", "known", "undone"),
    [
        (RELEASED | {"migration": {"applied_migrations": ["m1"]}}, True, True),
        (RELEASED | {"migration": {"applied_migrations": []}}, True, False),
        (RELEASED, True, True),
        ({"ok": False, "outcome": "rolled_back", "deployment": "d1"}, True, False),
        ({"ok": False, "outcome": "failed", "deployment": "d1"}, True, False),
        ({"ok": False, "error": {"code": "killed"}}, True, False),
        ({"ok": False, "error": {"code": "left-running"}}, False, False),
        ({"ok": False, "error": {"code": "rollback-refused"}}, False, False),
        ({"ok": False, "error": {"code": "no-such-work"}}, False, False),
        ({"id": "a backup"}, False, False),
        (None, False, False),
    ],
)
def test_a_cancelled_deployment_is_joined_and_how_it_ended_decides(
    tmp_path: Path, report: dict[str, Any] | None, known: bool, undone: bool
):
    code, ran = put_the_database_back(tmp_path, report)
    assert (code == 0) is known
    assert ran == ["db:join -- --json", *(["db:rollback -- --deployment d1"] if undone else [])]


def test_the_commit_to_go_back_to_is_kept_until_a_release_ended_well():
    named = {step["name"]: step for step in JOB["steps"]}
    assert "steps.database.outcome == 'success'" in named["Put the application back"]["if"]
    assert "steps.migrate.outcome == 'skipped'" in named["Put the application back"]["if"]
    assert "[ -s .git/dbsync-previous ] ||" in named["Fetch the code"]["run"]
    assert list(named).index("Keep the release") > list(named).index("Put the application back")
    assert named["Keep the release"]["if"] == "success()"


def test_the_lock_of_the_application_names_no_download_address():
    lock = json.loads((SHOP / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
