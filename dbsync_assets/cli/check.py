"""`dbsync check`: may what is pending be deployed? The step before `deploy` in a workflow."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dbsync_assets.cli.context import HERE, Json, Project, deployment_of, load
from dbsync_assets.cli.outcome import outcome, report
from dbsync_assets.cli.output import say
from dbsync_assets.run_job import run_job
from resources.errors import DbsyncError, UsageError
from resources.redact import redact_value
from resources.settings_work import github_runner


def register(app: typer.Typer) -> None:
    app.command("check")(check)


def check(
    sarif: Annotated[
        Path | None,
        typer.Option(help="Write what was found as SARIF 2.1.0 too.", metavar="FILE", show_default=False),
    ] = None,
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """May what is pending be deployed?

    Refuses an edited, missing, failed or out-of-order migration, runs all of them on an empty
    private database, refuses what does not run there, and lists what is pending.
    Changes nothing, but that a deployment which was killed is put right first.
    """
    loaded = load(Path(project))
    with deployment_of(loaded, "read") as deployment:
        try:
            run_job("migration_check", deployment, loaded.settings)
        except DbsyncError as error:
            if deployment.status:
                # Under `error` in what is kept: the JSON of a refusal is the error alone, as ever.
                outcome.result = redact_value({"ok": False, **deployment.status.as_dict()})
            outcome.fail(error)
            raise
        finally:
            if sarif:
                _write_sarif(sarif)
        status = deployment.status
    assert status
    report({"ok": True, **status.as_dict()}, as_json)
    if as_json:
        return
    accepted = [finding for finding in status.findings if finding.accepted]
    clean = f"{len(accepted)} findings accepted" if accepted else "history clean"
    say(f"{len(status.applied_names)} applied, {len(status.pending_names)} pending, {clean}")
    for finding in accepted:
        say(f"  accepted {finding.what}")
    for name in status.pending_names:
        say(f"  pending  {name}")


def _write_sarif(path: Path) -> None:
    from dbsync_assets.github import sarif
    from dbsync_assets.github.places import places, repository_of

    runner = github_runner()
    assert outcome.project
    root = repository_of(outcome.project, runner and runner.workspace)
    found = places(
        outcome.result, outcome.error, migrations=outcome.migrations, project=outcome.project, root=root
    )
    try:
        sarif.write(path, found)
    except OSError as error:
        raise UsageError(
            "the SARIF file cannot be written", where=str(path), why=str(error), hint="--sarif FILE elsewhere"
        ) from error
