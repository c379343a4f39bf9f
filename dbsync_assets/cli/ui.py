"""`dbsync ui`: Dagster's web page on this project's runs."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from dbsync_assets.cli.context import HERE, Project, folder_of
from dbsync_assets.cli.output import say
from resources.errors import UsageError
from resources.settings import CHECKOUT, dagster_home, load_settings

_LAST_PORT = 65535


def register(app: typer.Typer) -> None:
    app.command("ui")(ui)


def ui(
    project: Project = HERE,
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1.", min=1, max=_LAST_PORT)] = 3000,
    read_only: Annotated[
        bool, typer.Option("--read-only", help="To look only: nothing can be started or changed in it.")
    ] = False,
) -> None:
    """Open the Dagster UI on 127.0.0.1: assets, checks, every run. Ctrl-C ends it."""
    folder = folder_of(Path(project))
    _require_free(port)
    home = dagster_home(load_settings(folder))
    os.environ["DBSYNC_PROJECT"] = str(folder)
    os.environ["PYTHONPATH"] = str(CHECKOUT)
    say(f"runs are in {home}; open http://127.0.0.1:{port}{' (read-only)' if read_only else ''}")
    sys.stdout.flush()
    # The UI has no login: it listens on this machine only.
    # Read-only is the page alone, without the daemon that starts queued runs.
    server = ["dbsync_assets.page.webserver", "--read-only"] if read_only else ["dbsync_assets.page.dev"]
    command = ["-m", *server, "-m", "dbsync_assets.definitions", "-h", "127.0.0.1", "-p", str(port)]
    # Not in the application's folder: Dagster would import packages of its own named `resources` or `checks`.
    os.chdir(CHECKOUT)
    # Dagster's remark that its `dev` command has a successor is for its own users.
    quiet = ["-W", "ignore:Function `dev_command` is superseded"]
    os.execv(sys.executable, [sys.executable, "-P", *quiet, *command])


def _require_free(port: int) -> None:
    """Dagster would find out only after half a minute of starting."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise UsageError(
                f"port {port} cannot be used",
                where=f"127.0.0.1:{port}",
                why=error.strerror or str(error),
                hint=f"dbsync ui --port {port + 1 if port < _LAST_PORT else port - 1}",
            ) from error
