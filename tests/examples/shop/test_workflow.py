"""What users copy is what the contract of the product says, and hangs together."""

from __future__ import annotations

import json
import re
import subprocess

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


def test_the_lock_of_the_application_names_no_download_address():
    lock = json.loads((SHOP / "package-lock.json").read_text())
    assert all("resolved" not in package for package in lock["packages"].values())
