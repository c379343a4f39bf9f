"""`dbsync deploy`: the release."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dbsync_assets.cli.context import HERE, AcceptLossy, Json, Project, deployment_of, load
from dbsync_assets.cli.detached import Detach, hand_over
from dbsync_assets.cli.outcome import report
from dbsync_assets.cli.output import say, size, stderr
from dbsync_assets.run_job import run_job
from resources.errors import DbsyncError

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment


def register(app: typer.Typer) -> None:
    app.command("deploy")(deploy)


def deploy(
    context: typer.Context,
    project: Project = HERE,
    accept: Annotated[
        list[str] | None,
        typer.Option("--accept", metavar="MIGRATION", help="Accept the history findings of this migration."),
    ] = None,
    accept_drift: Annotated[
        bool | None,
        typer.Option(
            "--accept-drift",
            help="Deploy although the schema differs from its migrations beforehand, or they do not replay.",
        ),
    ] = None,
    accept_fewer_rows: Annotated[
        list[str] | None,
        typer.Option(
            "--accept-fewer-rows",
            metavar="TABLE",
            help="The migrations delete rows of it on purpose.",
        ),
    ] = None,
    accept_lossy: AcceptLossy = None,
    detach: Detach = None,
    as_json: Json = False,
) -> None:
    """Back up and prove, apply what is pending, validate, check health; put everything back on failure."""
    from resources.deployment.record import evidence

    loaded = load(
        Path(project),
        accept=accept,
        accept_drift=accept_drift,
        accept_fewer_rows=accept_fewer_rows,
        accept_lossy=accept_lossy,
    )
    hand_over(context, loaded, detach=detach, as_json=as_json)
    with deployment_of(loaded, "deploy") as deployment:
        try:
            run_job("deploy", deployment, loaded.settings)
        except DbsyncError as error:
            deployment.undo(error.what)
            if "DATA STATE" not in error.why:
                error.why = "\n         ".join(filter(None, [error.why, *_state(deployment)]))
            raise
        except KeyboardInterrupt:
            deployment.undo("interrupted")  # a signal between two steps was seen by no other layer
            stderr.print("\n".join(_state(deployment)))
            raise
        finally:
            released = deployment.outcome == "released"
            report({"ok": released, **evidence(deployment, deployment.outcome)}, as_json)
    if not as_json:
        summary(deployment)


def _counted(applied: Sequence[str]) -> str:
    if not applied:
        return "nothing was pending"
    return f"{len(applied)} migration{'' if len(applied) == 1 else 's'} {' '.join(applied)}"


def _state(deployment: Deployment) -> list[str]:
    """Last on the screen: what is in the database, and what runs. A rollback that failed says that itself."""
    if deployment.outcome not in ("rolled_back", "failed", "unfinished"):
        return []
    undone, lines = deployment.rollback, ["DATA STATE: nothing was changed"]
    if deployment.outcome == "rolled_back" and undone is not None:
        tables = ", ".join(f"`{table}`" for table in undone.tables) or "no table had been touched"
        lines = [f"DATA STATE: as before this deployment, rolled back in {undone.seconds:.1f} s ({tables})"]
    if undone is not None and undone.application:
        lines.append(f"APPLICATION: runs {undone.application['release'] or 'nothing,'} as before")
    return lines


def summary(deployment: Deployment) -> None:
    """What a person wants to know after a good release, on one screen."""
    assert deployment.backup and deployment.migration and deployment.validation and deployment.health
    manifest = deployment.backup.manifest
    applied = deployment.migration.applied_migrations
    rows = sum(digest.rows for digest in manifest.tables.values())
    say("")
    say(f"released {deployment.target.name}", "bold green")
    say(f"  backup      {manifest.id}  {manifest.engine}, {size(manifest.size)}, {rows:,} rows, proven")
    say(f"  applied     {_counted(applied)}")
    warnings = deployment.validation.result.warnings
    say(f"  validation  schema consistent, data rules hold, {len(warnings)} warnings")
    for warning in warnings[:5]:
        say(f"              ! {warning}")
    if deployment.application:
        found = deployment.application.found
        built = f"built in {found['build_seconds']:.1f} s, well after {found['ready_seconds']:.1f} s"
        say(f"  application {found['release'][:12]}  {built}; database {found['database']}")
    say("  health      good")
    say(
        "  times       "
        + ", ".join(f"{name} {seconds:.1f} s" for name, seconds in deployment.timings.items())
    )
    say(f"  record      {deployment.record_path}")
