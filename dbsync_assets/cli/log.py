"""`dbsync log`: what was done, by which deployment, and how long it took."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from dbsync_assets.cli.context import HERE, Json, Project, folder_of
from dbsync_assets.cli.output import emit_json, say
from resources.errors import UsageError
from resources.log.line import read_line
from resources.log.tail import follow, last_lines
from resources.settings import load_settings, log_of


def register(app: typer.Typer) -> None:
    app.command("log")(log)


def log(
    deployment: Annotated[
        str, typer.Argument(help="Only of this deployment: its id, or its beginning.")
    ] = "",
    project: Project = HERE,
    lines: Annotated[int, typer.Option("--lines", "-n", help="So many of the last lines.", min=1)] = 50,
    following: Annotated[
        bool, typer.Option("--follow", "-f", help="Go on with what comes, until Ctrl-C.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Show the log: what was done, in which phase of which deployment, and how long it took.

    DBSYNC_LOG=json writes it as one JSON object a line.
    """
    if following and as_json:
        raise UsageError(
            "--json is one document, and --follow has no end",
            hint="dbsync log --follow, with DBSYNC_LOG=json set for all commands",
        )
    place = log_of(load_settings(folder_of(Path(project))))
    coming = follow(place, deployment) if following else iter(())
    found = last_lines(place, lines, deployment)
    if as_json:
        emit_json({"path": str(place.path), "lines": [read_line(line) for line in found]})
        return
    for line in found:
        say(line)
    if not found and not following:
        say(f"no line of {deployment or 'anything'} yet in {place.path}")
    for line in coming:
        say(line)
        sys.stdout.flush()
