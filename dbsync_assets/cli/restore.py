"""`dbsync restore ID` and `dbsync restore finish`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dbsync_assets.cli.context import HERE, Json, Project, deployment_of, load
from dbsync_assets.cli.operation import run_operation
from dbsync_assets.cli.output import emit_json, say, size, table
from resources.errors import ConfirmationError, UsageError

if TYPE_CHECKING:
    from resources.rollback.kept import Kept

FINISH = "finish"


def register(app: typer.Typer) -> None:
    app.command("restore")(restore)


def restore(
    backup_id: Annotated[
        str,
        typer.Argument(
            help="Backup id, from `dbsync backups list`; or `finish`: drop what earlier restores keep.",
            metavar="ID",
        ),
    ],
    tables: Annotated[
        str, typer.Option(help="Only these tables, their triggers and the views on them.", metavar="A,B")
    ] = "",
    into: Annotated[
        str,
        typer.Option(help="Into a new database of the same server; nothing is replaced.", metavar="DATABASE"),
    ] = "",
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss", help="Go on although rows written since the backup leave the database."
        ),
    ] = False,
    accept_missing_definers: Annotated[
        bool,
        typer.Option(
            "--accept-missing-definers", help="Put objects back whose accounts are not on the server."
        ),
    ] = False,
    confirm_target: Annotated[
        str,
        typer.Option(
            help="DATABASE@HOST:PORT typed out, when the backup was made of another server or database."
        ),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="With `finish`: do not ask.")] = False,
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """Put a backup's database back: side by side first, digests compared, then swapped in one statement.

    What is replaced stays in a database beside it until `dbsync restore finish`. A restore that
    was stopped goes on with the tables that were complete when it is typed again.
    """
    if backup_id == FINISH:
        if tables or into or confirm_target or accept_loss or accept_missing_definers:
            raise UsageError("`restore finish` takes --yes and nothing else", hint="dbsync restore --help")
        finish(Path(project), yes, as_json)
        return
    run_operation(
        project,
        as_json,
        "restore",
        "restore_backup",
        {
            "backup_id": backup_id,
            "confirm_target": confirm_target,
            "tables": [name.strip() for name in tables.split(",") if name.strip()],
            "into": into,
            "accept_loss": accept_loss,
            "accept_missing_definers": accept_missing_definers,
        },
    )


def finish(project: Path, yes: bool, as_json: bool) -> None:
    """Show what earlier restores keep, and drop it once that is confirmed."""
    from resources.deployment.operations import finish_restores
    from resources.rollback.kept import kept_databases

    loaded = load(project)
    kept = kept_databases(loaded.target)
    if not as_json:
        show_kept(kept)
    going = [one for one in kept if one.may_go]
    dropped: list[str] = []
    if going:
        _confirm(yes, loaded.target.database, len(going))
        with deployment_of(loaded, "change") as deployment:
            dropped = finish_restores(deployment, going)
    if as_json:
        emit_json({"ok": True, "kept": [one.as_dict() for one in kept], "dropped": dropped})
    elif going:
        say(f"dropped: {', '.join(dropped) or 'nothing'}")


def show_kept(kept: list[Kept]) -> None:
    if not kept:
        say("no restore keeps anything")
        return
    table(
        "kept by restores",
        ["database", "what", "tables", "rows (about)", "size", "since", "backup"],
        [
            [one.database, one.kind, one.tables, f"{one.rows:,}", size(one.bytes), one.since, one.backup_id]
            for one in kept
        ],
    )
    for one in kept:
        if not one.may_go:
            say(f"`{one.database}` stays: that restore is not complete; next: dbsync restore {one.backup_id}")


def _confirm(yes: bool, database: str, number: int) -> None:
    if yes:
        return
    if sys.stdin.isatty():
        typed = typer.prompt(
            f"These {number} databases are dropped for good. Type {database} to go on", default=""
        )
        if typed == database:
            return
    raise ConfirmationError(
        "what restores keep was not dropped", why="it was not confirmed", hint="dbsync restore finish --yes"
    )
