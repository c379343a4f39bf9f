"""`dbsync ui`: Dagster's web page on this project's runs."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dbsync_assets.cli.context import HERE, Project
from dbsync_assets.cli.output import say
from resources.settings import CHECKOUT, dagster_home, load_settings


def register(app: typer.Typer) -> None:
    app.command("ui")(ui)


def ui(
    project: Project = HERE,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=1, max=65535)] = 3000,
) -> None:
    """Open the Dagster UI on 127.0.0.1: assets, checks, every run. Ctrl-C ends it."""
    folder = Path(project).resolve()
    home = dagster_home(load_settings(folder))
    os.environ["DBSYNC_PROJECT"] = str(folder)
    os.environ["PYTHONPATH"] = str(CHECKOUT)
    say(f"runs are in {home}; open http://127.0.0.1:{port}")
    sys.stdout.flush()
    # The UI has no login: it listens on this machine only.
    command = ["-m", "dagster", "dev", "-m", "dbsync_assets.definitions", "-h", "127.0.0.1", "-p", str(port)]
    # Not in the application's folder: Dagster would import packages of its own named `resources` or `checks`.
    os.chdir(CHECKOUT)
    os.execv(sys.executable, [sys.executable, "-P", *command])
