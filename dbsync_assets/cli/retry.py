"""`dbsync retry`: the watched branch's commit that was not released is tried once more."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dbsync_assets.cli.context import HERE, Json, Project, load
from dbsync_assets.cli.output import emit_json, say


def register(app: typer.Typer) -> None:
    app.command("retry")(retry)


def retry(
    commit: Annotated[
        str, typer.Argument(help="Commit, or its beginning; default: the one tried last.")
    ] = "",
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """Have the sensor git_migrations try the migrations of a commit once more.

    A commit is deployed once by itself. After a refusal, a failure or a rollback this asks for one
    more attempt: at the sensor's next look, of the branch's newest commit if it has the same migrations.
    """
    from resources.release_source.attempts import ask_again

    asked = ask_again(load(Path(project)).target, commit or None)
    if as_json:
        emit_json({"ok": True, "commit": asked.commit, "attempt": asked.number, "outcome": asked.outcome})
        return
    say(f"asked for once more: commit {asked.commit[:12]}, attempt {asked.number} ended: {asked.outcome}")
