"""Running one of the jobs beside the release graph, and printing what it returned."""

from __future__ import annotations

from typing import Any

from dbsync_assets.cli.context import Loaded, deployment_of
from dbsync_assets.cli.outcome import report
from dbsync_assets.cli.output import say
from dbsync_assets.run_job import run_job


def run_operation(loaded: Loaded, as_json: bool, job: str, op: str, config: dict[str, Any]) -> None:
    with deployment_of(loaded, "change") as deployment:
        run_job(job, deployment, loaded.settings, config={op: config})
        result = deployment.result
    report({"ok": True, **result}, as_json)
    if as_json:
        return
    for name, value in result.items():
        if value not in (None, [], {}, ""):
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            say(f"{name.replace('_', ' ')}: {shown}")
