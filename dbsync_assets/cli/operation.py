"""Running one of the jobs beside the release graph, and printing what it returned."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from dbsync_assets.cli.context import deployment_of, load
from dbsync_assets.cli.output import emit_json, say
from dbsync_assets.run_job import run_job


def run_operation(project: Path, as_json: bool, job: str, op: str, config: dict[str, Any]) -> None:
    loaded = load(project)
    with deployment_of(loaded, "change") as deployment:
        run_job(job, deployment, loaded.settings, config={op: config})
        result = deployment.result
    if as_json:
        emit_json({"ok": True, **result})
        return
    for name, value in result.items():
        if value not in (None, [], {}, ""):
            shown = ", ".join(map(str, value)) if isinstance(value, list) else value
            say(f"{name.replace('_', ' ')}: {shown}")
