"""`dbsync daemon`: sensors and schedules, without the web page. For PM2 or systemd."""

from __future__ import annotations

import fcntl
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from dbsync_assets.cli.context import HERE, Project, folder_of
from dbsync_assets.cli.output import say
from resources.errors import LockBusyError
from resources.settings import CHECKOUT, dagster_home, load_settings, target_of
from resources.settings_git import is_on

_LOCK = "daemon.lock"


def register(app: typer.Typer) -> None:
    app.command("daemon")(daemon)


def daemon(
    project: Project = HERE,
    only: Annotated[
        str | None,
        typer.Option(
            "--sensors", metavar="NAMES", help="Sensors and schedules that are on; as DBSYNC_SENSORS."
        ),
    ] = None,
) -> None:
    """Run sensors and schedules in the foreground, until SIGTERM or Ctrl-C.

    What DBSYNC_SENSORS names is on: all, none, or names, comma-separated. A deployment that runs
    when the daemon is stopped goes on to its end.
    """
    folder = folder_of(Path(project))
    settings = load_settings(folder, **({"sensors": only} if only is not None else {}))
    target = target_of(settings)  # what is wrong is said here, and not at every tick
    home = dagster_home(settings)
    lock = _only_one(home)
    os.environ["DBSYNC_PROJECT"] = str(folder)
    os.environ["DBSYNC_SENSORS"] = settings.sensors
    os.environ["PYTHONPATH"] = str(CHECKOUT)
    # Dagster's remark on a parameter of its own, which nobody here has set.
    os.environ["PYTHONWARNINGS"] = "ignore:Parameter `owners`"
    say(f"daemon of {target.name}; runs are in {home}")
    for name, text in _names():
        say(f"  {'on ' if is_on(settings, name) else 'off'} {name}: {text}")
    if target.source is None:
        say("  GIT_REPOSITORY is not set: nothing is deployed by itself")
    sys.stdout.flush()
    os.set_inheritable(lock, True)  # held as long as the daemon lives, and by none of its children
    # Not in the application's folder: Dagster would import packages of its own named `resources` or `checks`.
    os.chdir(CHECKOUT)
    command = [
        "-P",
        "-m",
        "dagster._daemon",
        "run",
        "-m",
        "dbsync_assets.definitions",
        "--log-level",
        "warning",
    ]
    os.execv(sys.executable, [sys.executable, *command])


def _names() -> list[tuple[str, str]]:
    from resources.child_environment import no_secrets

    with no_secrets():
        import dagster  # noqa: F401 - starts programs while it is imported
    from sensors.all import sensors
    from sensors.schedules import schedules

    return [(one.name, one.description or "") for one in (*sensors(), *schedules())]


def _only_one(home: Path) -> int:
    """Two daemons on one instance would both start what is due. Raises LockBusyError."""
    lock = os.open(home / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(lock, 20).decode().strip()
        raise LockBusyError(
            "a daemon of this project runs already",
            where=str(home),
            why=f"process {holder}",
            hint=f"kill {holder}",
        ) from None
    os.ftruncate(lock, 0)
    os.write(lock, f"{os.getpid()}\n".encode())
    return lock
