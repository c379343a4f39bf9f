"""action.yml, its page, and the workflows that users copy hang together."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from resources.settings import CHECKOUT

ACTION = yaml.safe_load((CHECKOUT / "action.yml").read_text())
PAGE = (CHECKOUT / "docs" / "github-actions.md").read_text(encoding="utf-8")
SCRIPT = (CHECKOUT / "action" / "run.sh").read_text()
WORKFLOWS = sorted((CHECKOUT / "examples" / "workflows").glob("*.yml"))
OURS = "OWNER/dbsync@"
DEPLOYS = [path for path in WORKFLOWS if path.stem.startswith("deploy-")]
JOINED = {"fetch": "success", "migrate": "failure", "database": "skipped"}


def jobs(path: Path) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    workflow = yaml.safe_load(path.read_text())
    return workflow, list(workflow["jobs"].values())


def test_every_input_reaches_the_script_by_the_environment_and_is_documented():
    (step,) = ACTION["runs"]["steps"]
    given = {value: name for name, value in step["env"].items()}
    for name, one in ACTION["inputs"].items():
        variable = given[f"${{{{ inputs.{name} }}}}"]
        assert variable in SCRIPT
        default = f"`{one['default']}`" if one["default"] else ""
        assert f"| `{name}` | {default} | {one['description']} |" in PAGE
    assert "${{" not in step["run"]


def test_every_output_is_one_that_is_written_and_is_documented():
    written = (CHECKOUT / "dbsync_assets" / "github" / "tell.py").read_text() + SCRIPT
    for name, one in ACTION["outputs"].items():
        assert one["value"] == f"${{{{ steps.run.outputs.{name} }}}}"
        assert f'"{name}"' in written or f"'{name}=" in written
        assert f"| `{name}` | {one['description']} |" in PAGE


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_cancels_no_other_ends_some_time_and_may_do_little(path):
    workflow, found = jobs(path)
    assert workflow["concurrency"]["cancel-in-progress"] is False
    assert workflow["permissions"] == {"contents": "read"}
    for job in found:
        assert 0 < job["timeout-minutes"] <= 60
        deploys = any(one.get("with", {}).get("host") or "pm2" in one.get("run", "") for one in job["steps"])
        assert not deploys or job["environment"] == "production"
        assert set((job.get("permissions") or {}).values()) <= {"read", "write"}


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_scripts_of_a_workflow_are_sound_and_hold_no_expression(path):
    for job in jobs(path)[1]:
        for step in job["steps"]:
            if "run" not in step:
                continue
            assert step["shell"] == "bash", "with pipefail: green only when each command is"
            assert "${{" not in step["run"], "text of others in a script is a command"
            checked = subprocess.run(["bash", "-n"], input=step["run"], text=True, capture_output=True)
            assert checked.returncode == 0, (step["name"], checked.stderr)


@pytest.mark.parametrize("path", WORKFLOWS, ids=lambda path: path.stem)
def test_a_workflow_gives_the_action_inputs_that_it_has(path):
    from dbsync_assets.cli.app import app

    verbs = {command.name for command in app.registered_commands}
    used = 0
    for job in jobs(path)[1]:
        for step in job["steps"]:
            if not str(step.get("uses", "")).startswith(OURS):
                continue
            used += 1
            assert set(step["with"]) <= set(ACTION["inputs"]) and step["with"]["verb"] in verbs
            if "host" in step["with"]:
                assert step["with"]["known-hosts"] and "secrets." in step["with"]["ssh-key"]
    assert used >= 2
    asked = set(re.findall(r"steps\.\w+\.outputs\.([\w-]+)", path.read_text()))
    assert asked <= set(ACTION["outputs"])


def test_no_workflow_disables_the_check_of_the_hosts_key_and_none_runs_a_strangers_code_with_secrets():
    for path in WORKFLOWS:
        text = path.read_text()
        assert "StrictHostKeyChecking=no" not in text and "pull_request_target" not in text
        assert "pull_request:" not in text or "secrets." not in text


def holds(condition: str, outcomes: dict[str, str], join: dict[str, str]) -> bool:
    """A step's condition in a run that failed."""
    known = {f"steps.{step}.outcome": outcome for step, outcome in outcomes.items()}
    known |= {f"steps.join.outputs.{name}": join.get(name, "") for name in ("outcome", "applied", "backup")}
    python = re.sub(r"steps\.[\w.]+", lambda found: repr(known[found[0]]), condition)
    python = python.replace("&&", "and").replace("||", "or")
    names = {
        "failure": lambda: True,
        "cancelled": lambda: False,
        "fromJSON": json.loads,
        "contains": lambda these, one: one in these,
    }
    return bool(eval(python, names))


@pytest.mark.parametrize("path", DEPLOYS, ids=lambda path: path.stem)
@pytest.mark.parametrize(
    ("outcomes", "join", "back"),
    [
        ({"fetch": "skipped", "migrate": "skipped"}, {}, False),
        ({"fetch": "failure", "migrate": "skipped"}, {}, True),
        ({}, {"outcome": "rolled_back"}, True),
        ({}, {"outcome": "failed"}, True),
        ({}, {"outcome": "killed"}, True),
        ({"migrate": "success", "database": "success"}, {"outcome": "released", "applied": "m1"}, True),
        ({"migrate": "success", "database": "failure"}, {"outcome": "released", "applied": "m1"}, False),
        ({"migrate": "success"}, {"outcome": "released", "backup": "b1"}, True),
        ({"migrate": "success"}, {"outcome": "released"}, False),
        ({}, {}, False),
        ({}, {"outcome": "left-running"}, False),
        ({}, {"outcome": "no-such-work"}, False),
        ({}, {"outcome": "rollback-refused"}, False),
    ],
)
def test_the_application_goes_back_only_where_the_database_is_known_to_be_as_before(
    path, outcomes, join, back
):
    steps = {step["name"]: step for step in jobs(path)[1][0]["steps"]}
    step = steps["Put the application back"]
    assert holds(step["if"], JOINED | outcomes, join) is back
    assert "pm2 startOrReload" in step["run"] and "dbsync-previous" in step["run"]


@pytest.mark.parametrize("path", DEPLOYS, ids=lambda path: path.stem)
def test_the_commit_to_go_back_to_is_kept_until_a_release_ended_well(path):
    steps = jobs(path)[1][0]["steps"]
    names = [step["name"] for step in steps]
    (written,) = (step["run"] for step in steps if "> .git/dbsync-previous" in step.get("run", ""))
    assert "-s .git/dbsync-previous ]" in written
    assert names.index("Keep the release") > names.index("Put the application back")
    assert steps[names.index("Keep the release")]["if"] == "success()"


def test_a_pull_request_that_brings_prisma_finds_nothing_of_productions_to_deploy():
    steps = {step["name"]: step for step in jobs(WORKFLOWS[-1])[1][0]["steps"]}
    assert "hashFiles('base/prisma/migrations/**'" in steps["What production has"]["if"]


def test_every_exit_code_that_the_page_names_is_of_the_table():
    from resources.errors import all_errors

    known = {error.exit_code for error in all_errors()} | {255}
    named = re.findall(r"(?:ends |, and )?with (\d+)\b", PAGE) + re.findall(r"\| (\d+) \|$", PAGE, re.M)
    assert len(named) >= 4 and {int(code) for code in named} <= known
