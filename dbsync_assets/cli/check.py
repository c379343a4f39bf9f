"""`dbsync check`: may what is pending be deployed? The step before `deploy` in a workflow."""

from __future__ import annotations

from pathlib import Path

import typer

from dbsync_assets.cli.context import HERE, Json, Project, deployment_of, load
from dbsync_assets.cli.output import emit_json, say
from dbsync_assets.run_job import run_job


def register(app: typer.Typer) -> None:
    app.command("check")(check)


def check(project: Project = HERE, as_json: Json = False) -> None:
    """May what is pending be deployed?

    Refuses an edited, missing, failed or out-of-order migration, runs all of them on an empty
    private database, refuses what does not run there, and lists what is pending.
    Changes nothing, but that a deployment which was killed is put right first.
    """
    loaded = load(Path(project))
    with deployment_of(loaded, "read") as deployment:
        run_job("migration_check", deployment, loaded.settings)
        status = deployment.status
    assert status
    if as_json:
        emit_json({"ok": True, **status.as_dict()})
        return
    accepted = [finding for finding in status.findings if finding.accepted]
    clean = f"{len(accepted)} findings accepted" if accepted else "history clean"
    say(f"{len(status.applied_names)} applied, {len(status.pending_names)} pending, {clean}")
    for finding in accepted:
        say(f"  accepted {finding.what}")
    for name in status.pending_names:
        say(f"  pending  {name}")
