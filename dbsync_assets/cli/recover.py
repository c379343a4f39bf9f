"""`dbsync restore|rollback|resolve|reset`: what a person types when something went wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dbsync_assets.cli.context import HERE, Json, Project, deployment_of, load
from dbsync_assets.cli.moments import look_before, open_private
from dbsync_assets.cli.output import emit_json, say
from dbsync_assets.run_job import run_job
from resources.backup.ids import check_id
from resources.errors import UsageError


def register(app: typer.Typer) -> None:
    app.command("restore")(restore)
    app.command("rollback")(rollback)
    app.command("resolve")(resolve)
    app.command("reset")(reset)


def _run(project: Path, as_json: bool, job: str, op: str, config: dict[str, Any]) -> None:
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


def restore(
    backup_id: Annotated[
        str | None,
        typer.Argument(
            help="Backup id, from `dbsync backups list`. May be left out with --to…: the newest one before.",
            metavar="ID",
            show_default=False,
        ),
    ] = None,
    to: Annotated[
        str,
        typer.Option(help='The state at a time, e.g. "2026-11-23 14:05:00Z", or `latest`.', metavar="TIME"),
    ] = "",
    to_gtid: Annotated[
        str,
        typer.Option(help="The state when these transactions had run; one alone: up to it.", metavar="SET"),
    ] = "",
    to_before_migration: Annotated[
        str, typer.Option(help="The state just before this migration was begun.", metavar="NAME")
    ] = "",
    private: Annotated[
        bool,
        typer.Option("--private", help="Into a private server that is left running; changes nothing else."),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would be replayed and what would be lost; change nothing."),
    ] = False,
    confirm_target: Annotated[
        str,
        typer.Option(
            help="DATABASE@HOST:PORT typed out, when the backup was made of another server or database."
        ),
    ] = "",
    accept_failed_proof: Annotated[
        bool,
        typer.Option("--accept-failed-proof", help="Use the backup although its newest proof failed."),
    ] = False,
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """Put a backup's database back: side by side first, digests compared, then swapped in one statement.

    With --to, --to-gtid or --to-before-migration the state at a moment after the backup.
    """
    from resources.backup.moment.moment import parse_moment

    if backup_id is not None:
        check_id(backup_id)
    elif not (to or to_gtid or to_before_migration):
        raise UsageError("name a backup, or a moment (--to …)", hint="dbsync restore --help")
    backup_id = backup_id or ""
    moment = parse_moment(to, to_gtid, to_before_migration)
    if private or dry_run:
        look = look_before if dry_run else open_private
        look(load(project), backup_id, moment, as_json)
        return
    config = {
        "backup_id": backup_id,
        "confirm_target": confirm_target,
        "accept_failed_proof": accept_failed_proof,
        "to": to,
        "to_gtid": to_gtid,
        "to_before_migration": to_before_migration,
    }
    _run(project, as_json, "restore", "restore_backup", config)


def rollback(
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
    as_json: Json = False,
) -> None:
    """Undo a deployment: the tables it touched go back to their state before it."""
    config = {
        "deployment_id": deployment,
        "accept_loss": accept_loss,
        "accept_failed_proof": accept_failed_proof,
    }
    _run(project, as_json, "rollback", "roll_back_deployment", config)


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
    _run(project, as_json, "resolve", "resolve_migration", config)


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
    _run(project, as_json, "reset", "reset_database", {"confirm_database": confirm})
