"""`dbsync private list|stop`: the private servers that `dbsync restore --private` left running."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dbsync_assets.cli.context import HERE, Json, Project, load
from dbsync_assets.cli.output import emit_json, say

group = typer.Typer(
    help="List and stop private servers left running by `restore --private`.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="private")


@group.command("list")
def list_(project: Project = HERE, as_json: Json = False) -> None:
    """Every private server that was left running, oldest first."""
    from resources.backup.private_servers import list_running

    found = list_running(load(Path(project)).target)
    if as_json:
        emit_json([one.as_dict() for one in found])
        return
    if not found:
        say("no private server was left running")
    for one in found:
        say(
            f"{one.name}  `{one.database}` as of {one.moment}, from {one.backup_id}"
            + ("" if one.running else "  NOT RUNNING")
        )
        say(f"    {one.connect}")


@group.command("stop")
def stop(
    name: Annotated[str, typer.Argument(help="Its name, from `dbsync private list`.", metavar="NAME")],
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """End a private server and remove its files."""
    from resources.backup import private_servers

    private_servers.stop(load(Path(project)).target, name)
    if as_json:
        emit_json({"ok": True, "stopped": name})
        return
    say(f"private server {name} is stopped and removed")
