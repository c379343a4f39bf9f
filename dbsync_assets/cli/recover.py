"""`dbsync rollback|resolve|reset`: what a person types when something went wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dbsync_assets.cli.context import HERE, Json, Project, load
from dbsync_assets.cli.detached import Detach, hand_over
from dbsync_assets.cli.operation import run_operation
from resources.errors import UsageError


def register(app: typer.Typer) -> None:
    app.command("rollback")(rollback)
    app.command("resolve")(resolve)
    app.command("reset")(reset)


def rollback(
    context: typer.Context,
    deployment: Annotated[
        str, typer.Option(help="Deployment id; default: the newest one that changed something.")
    ] = "",
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss", help="Go on although rows written since the backup leave the database."
        ),
    ] = False,
    accept_failed_proof: Annotated[
        bool,
        typer.Option("--accept-failed-proof", help="Use the backup although its newest proof failed."),
    ] = False,
    project: Project = HERE,
    detach: Detach = None,
    as_json: Json = False,
) -> None:
    """Undo a deployment: the tables it touched go back to their state before it."""
    config = {
        "deployment_id": deployment,
        "accept_loss": accept_loss,
        "accept_failed_proof": accept_failed_proof,
    }
    loaded = load(Path(project))
    hand_over(context, loaded, detach=detach, as_json=as_json)
    run_operation(loaded, as_json, "rollback", "roll_back_deployment", config)


def resolve(
    applied: Annotated[str, typer.Option(help="Mark this migration as applied.", metavar="NAME")] = "",
    rolled_back: Annotated[
        str, typer.Option(help="Mark this failed migration as rolled back.", metavar="NAME")
    ] = "",
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """Correct the history as `prisma migrate resolve` does. Runs no SQL of the migration."""
    if bool(applied) == bool(rolled_back):
        raise UsageError("give exactly one of --applied and --rolled-back", hint="dbsync resolve --help")
    config = {"migration": applied or rolled_back, "resolution": "applied" if applied else "rolled-back"}
    run_operation(load(Path(project)), as_json, "resolve", "resolve_migration", config)


def reset(
    confirm: Annotated[
        str,
        typer.Option(
            help="The database's name, typed out. Everything in it is destroyed.", metavar="DATABASE"
        ),
    ] = "",
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """Destroy the database and migrate it anew. Only by name, or where DBSYNC_DISPOSABLE is set."""
    run_operation(load(Path(project)), as_json, "reset", "reset_database", {"confirm_database": confirm})
