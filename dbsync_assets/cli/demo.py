"""`dbsync demo`: a good release and a bad one, on a private MySQL."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dbsync_assets.cli.context import Json, watching
from dbsync_assets.cli.output import emit_json
from resources.settings import CHECKOUT, forget_environment


def register(app: typer.Typer) -> None:
    app.command("demo")(demo)


def demo(
    rows: Annotated[int, typer.Option(help="Rows of the example shop.", min=1000)] = 200_000,
    folder: Annotated[
        Path, typer.Option(help="Where the demo's project, server and runs live.", show_default=".demo")
    ] = CHECKOUT / ".demo",
    as_json: Json = False,
) -> None:
    """Release three migrations to the example shop, then one that fails on real rows and is rolled back."""
    from dbsync_assets.demo.play import play
    from dbsync_assets.demo.report import say_report

    forget_environment()
    with watching():
        played = play(folder.resolve(), rows, as_json=as_json)
    if as_json:
        emit_json({"ok": True, **played.as_dict()})
    else:
        say_report(played)
