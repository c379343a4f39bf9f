"""`dbsync restore ID` and `dbsync restore finish`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dbsync_assets.cli.context import HERE, Json, Project, deployment_of, load
from dbsync_assets.cli.detached import Detach, hand_over
from dbsync_assets.cli.moments import look_before, open_private
from dbsync_assets.cli.operation import run_operation
from dbsync_assets.cli.output import emit_json, say, size, table
from resources.backup.ids import check_id
from resources.comma_separated import listed
from resources.errors import ConfirmationError, UsageError

if TYPE_CHECKING:
    from resources.rollback.kept import Kept

FINISH = "finish"


def register(app: typer.Typer) -> None:
    app.command("restore")(restore)


def restore(
    context: typer.Context,
    backup_id: Annotated[
        str | None,
        typer.Argument(
            help="Backup id, from `dbsync backups list`; may be left out with --to…: the newest one before."
            " Or `finish`: drop what earlier restores keep.",
            metavar="ID",
            show_default=False,
        ),
    ] = None,
    tables: Annotated[
        str | None,
        typer.Option(help="Only these tables, their triggers and the views on them.", metavar="A,B"),
    ] = None,
    into: Annotated[
        str | None,
        typer.Option(help="Into a new database of the same server; nothing is replaced.", metavar="DATABASE"),
    ] = None,
    to: Annotated[
        str | None,
        typer.Option(help='The state at a time, e.g. "2026-11-23 14:05:00Z", or `latest`.', metavar="TIME"),
    ] = None,
    to_gtid: Annotated[
        str | None,
        typer.Option(help="The state when these transactions had run; one alone: up to it.", metavar="SET"),
    ] = None,
    to_before_migration: Annotated[
        str | None, typer.Option(help="The state just before this migration was begun.", metavar="NAME")
    ] = None,
    private: Annotated[
        bool,
        typer.Option("--private", help="Into a private server that is left running; changes nothing else."),
    ] = False,
    dry_run: Annotated[
        bool,
        typer.Option("--dry-run", help="Say what would be replayed and what would be lost; change nothing."),
    ] = False,
    accept_loss: Annotated[
        bool,
        typer.Option(
            "--accept-loss", help="Go on although rows written since then leave the database (they are kept)."
        ),
    ] = False,
    accept_missing_definers: Annotated[
        bool,
        typer.Option(
            "--accept-missing-definers", help="Put objects back whose accounts are not on the server."
        ),
    ] = False,
    confirm_target: Annotated[
        str | None,
        typer.Option(
            help="DATABASE@HOST:PORT typed out, when the backup was made of another server or database."
        ),
    ] = None,
    accept_failed_proof: Annotated[
        bool,
        typer.Option("--accept-failed-proof", help="Use the backup although its newest proof failed."),
    ] = False,
    yes: Annotated[bool, typer.Option("--yes", help="With `finish`: do not ask.")] = False,
    project: Project = HERE,
    detach: Detach = None,
    as_json: Json = False,
) -> None:
    """Put a backup's database back: side by side first, digests compared, then swapped in one statement.

    With --to, --to-gtid or --to-before-migration the state at a moment after the backup. What is
    replaced stays in a database beside it until `dbsync restore finish`. A restore that was
    stopped goes on with the tables that were complete when it is typed again.
    """
    from resources.backup.moment.moment import parse_moment
    from resources.rollback.wish import Wish

    _require_filled(
        {
            "--tables": tables,
            "--into": into,
            "--to": to,
            "--to-gtid": to_gtid,
            "--to-before-migration": to_before_migration,
            "--confirm-target": confirm_target,
        }
    )
    into, to = into or "", to or ""
    to_gtid, to_before_migration = to_gtid or "", to_before_migration or ""
    config: dict[str, Any] = {
        "tables": list(listed(tables or "")),
        "into": into,
        "to": to,
        "to_gtid": to_gtid,
        "to_before_migration": to_before_migration,
        "confirm_target": confirm_target or "",
        "accept_loss": accept_loss,
        "accept_missing_definers": accept_missing_definers,
        "accept_failed_proof": accept_failed_proof,
    }
    if backup_id == FINISH:
        if private or dry_run or any(config.values()):
            raise UsageError("`restore finish` takes --yes and nothing else", hint="dbsync restore --help")
        finish(Path(project), yes, as_json)
        return
    if backup_id is not None:
        check_id(backup_id)
    elif not (to or to_gtid or to_before_migration):
        raise UsageError("name a backup, or a moment (--to …)", hint="dbsync restore --help")
    moment = parse_moment(to, to_gtid, to_before_migration)
    if private and (tables or into):
        raise UsageError("--private opens the whole backup and takes neither --tables nor --into")
    if dry_run:
        wish = Wish(
            tables=tuple(config["tables"]),
            into=into,
            moment=moment,
            confirm_target=confirm_target,
            accept_failed_proof=accept_failed_proof,
            accept_loss=accept_loss,
            accept_missing_definers=accept_missing_definers,
            dry_run=True,
        )
        look_before(load(project), backup_id or "", wish, as_json)
        return
    if private:
        open_private(load(project), backup_id or "", moment, as_json)
        return
    loaded = load(project)
    hand_over(context, loaded, detach=detach, as_json=as_json)
    run_operation(loaded, as_json, "restore", "restore_backup", {"backup_id": backup_id or "", **config})


def _require_filled(options: Mapping[str, str | None]) -> None:
    """Raises UsageError for an option that was given without a value.

    Behind it is an empty shell variable: taken as "not given", `--tables "$TABLES"` would restore all.
    """
    for name, text in options.items():
        if text is not None and not text.strip(" \t\r\n,"):
            raise UsageError(
                f"{name} is empty; nothing was changed",
                why=f"it was given as {text!r}: is a shell variable unset?",
                hint=f"give {name} a value, or leave it away   (dbsync restore --help)",
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
            say(f"`{one.database}` stays: {one.way_on}")


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
