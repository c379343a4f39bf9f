"""`dbsync github mask`: what the action types for itself."""

from __future__ import annotations

from pathlib import Path

import typer

from dbsync_assets.cli.context import HERE, Project, load
from dbsync_assets.github.commands import add_mask
from resources.errors import UsageError
from resources.redact import remembered
from resources.settings_work import github_runner

group = typer.Typer(help="For the steps of a GitHub workflow.", no_args_is_help=True, rich_markup_mode=None)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="github")


@group.command("mask")
def mask(project: Project = HERE) -> None:
    """Have the runner print stars for every secret of the settings. Only where a runner reads stdout."""
    if github_runner() is None:
        raise UsageError(
            "no GitHub runner reads this; the secrets would be printed", hint="set GITHUB_ACTIONS=true there"
        )
    load(Path(project))
    for secret in remembered():
        print(add_mask(secret), flush=True)
