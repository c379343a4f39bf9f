"""A release leaves one story: in the log, in `dbsync log`, and in the run that Dagster shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys

import pytest

from resources.settings import CHECKOUT
from tests.e2e.conftest import GOOD

pytestmark = pytest.mark.slow

_EVENTS = (
    "import dagster as dg, json\n"
    "with dg.DagsterInstance.get() as instance:\n"
    "    run = instance.get_runs(limit=1)[0]\n"
    "    print(json.dumps([one.user_message for one in instance.all_logs(run.run_id)]))\n"
)


def test_the_log_and_the_dagster_run_show_the_same_lines_of_a_release(project):
    project.add_migration(*GOOD)
    done = project.run("deploy", DBSYNC_LOG="json")
    assert done.returncode == 0, done.stderr
    (journal,) = (project.storage / "journal").glob("*.jsonl")
    path = project.folder / ".dbsync" / "log" / "dbsync.log"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    ours = [line for line in lines if line["deployment"] == journal.stem]
    phases = {line["phase"]: line["seconds"] for line in ours if line["kind"] == "phase"}
    assert {"history", "backup", "drift", "apply", "validate", "health"} <= set(phases)
    assert all(seconds is not None for seconds in phases.values())
    code, shown = project.report("log", journal.stem, "-n", "1000")
    assert code == 0 and len(shown["lines"]) == len(ours)
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(CHECKOUT),
        "DAGSTER_HOME": str(project.folder / ".dbsync" / "dagster"),
        "DAGSTER_DISABLE_TELEMETRY": "yes",
    }
    asked = subprocess.run(
        [sys.executable, "-P", "-c", _EVENTS],
        env=environment,
        cwd="/",
        capture_output=True,
        text=True,
        check=True,
    )
    told = json.loads(asked.stdout)
    within = [line["text"] for line in ours if line["kind"] != "begin"]
    missing = [text for text in within if not any(text in message for message in told)]
    assert not missing, missing
    doubled = [text for text in told if text.startswith(f"[{journal.stem} deploy/apply] apply: done")]
    assert len(doubled) == 1, "once, although Dagster makes its resources more than once"
