"""The command's verbs, one file per group."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from dbsync_assets.cli import (
    application,
    backups,
    baseline,
    check,
    daemon,
    demo,
    deploy,
    doctor,
    generate,
    github,
    health,
    init,
    join,
    log,
    monitor,
    mysql,
    notify,
    private,
    recover,
    restore,
    retry,
    status,
    ui,
    validate,
)
from dbsync_assets.cli.examples import under_help
from dbsync_assets.cli.output import say
from resources.settings import VERSION

app = typer.Typer(
    name="dbsync",
    help=(
        "Keeps a production MySQL in step with the code of a Prisma application: a backup that is proven "
        "to restore, migrations under bounded locks, validation, health, and a way back that loses no row."
    ),
    epilog="Settings: docs/settings.md. Exit codes: docs/exit-codes.md. First command to type: dbsync init",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        say(f"dbsync {VERSION}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool,
        typer.Option("--version", help="Print the version and exit.", is_eager=True, callback=_print_version),
    ] = False,
) -> None:
    del version  # the callback has printed it


for group in (
    init,
    doctor,
    baseline,
    check,
    deploy,
    generate,
    backups,
    validate,
    health,
    monitor,
    log,
    status,
    application,
    join,
    restore,
    recover,
    private,
    notify,
    mysql,
    github,
    demo,
    retry,
    daemon,
    ui,
):
    group.register(app)


def command() -> Any:
    """The whole command, callable with `main(args)`."""
    whole = typer.main.get_command(app)
    _add_examples(whole, "")
    return whole


def _add_examples(verb: Any, path: str) -> None:
    for name, child in getattr(verb, "commands", {}).items():
        child.epilog = under_help(f"{path}{name}")
        _add_examples(child, f"{path}{name} ")
