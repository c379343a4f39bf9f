"""`dbsync app status|back`: the application that is released with the database."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dbsync_assets.cli.context import HERE, Json, Project, deployment_of, load
from dbsync_assets.cli.output import emit_json, say, table
from resources.errors import SettingsError
from resources.target import Target

group = typer.Typer(
    help="The application that is released with the database.", no_args_is_help=True, rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="app")


@group.command("status")
def status(project: Project = HERE, as_json: Json = False) -> None:
    """Which release runs, what PM2 says of its processes, which releases are kept. Changes nothing."""
    found = _found(load(Path(project)).target)
    if as_json:
        emit_json({"ok": True, **found})
        return
    say(f"current   {found['current'] or 'none yet'}")
    for release in found["releases"]:
        if release != found["current"]:
            say(f"{'before' if release in found['before'] else 'kept  '}    {release}")
    if found["unknown"]:
        say(f"PM2: unknown: {found['unknown']}", "yellow")
        return
    shown = ("name", "status", "restarts", "unstable_restarts", "pid", "runs_in")
    columns = [name.replace("_", " ") for name in shown]
    table("PM2", columns, [[one[name] for name in shown] for one in found["processes"]])


@group.command("back")
def back(
    release: Annotated[
        str, typer.Argument(help="Release to go to; default: the one that was good before the current.")
    ] = "",
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """Switch the application alone to a kept release and see that it is well. The database stays."""
    from resources.deployment.operations import application_back

    loaded = load(Path(project))
    _require_app(loaded.target)
    with deployment_of(loaded, "change") as deployment:
        result = application_back(deployment, release)
    if as_json:
        emit_json({"ok": True, **result})
    else:
        say(f"the application runs {result['release']}")


def _found(target: Target) -> dict[str, Any]:
    from resources.app.releases import Releases
    from resources.pm2 import Pm2

    app = _require_app(target)
    listing, releases = Pm2(app).listing(), Releases(app)
    return {
        "current": releases.current(),
        "releases": releases.whole(),
        "before": releases.before(releases.current()),
        "unknown": listing.unknown,
        "processes": [
            one.as_dict() | {"runs_in": str(one.running_in or "unknown")} for one in listing.processes
        ],
    }


def _require_app(target: Target) -> Any:
    if target.app is None:
        raise SettingsError(
            "no application is released with this database",
            why="APP_FOLDER is not set",
            hint="set APP_FOLDER and APP_PM2_NAME; docs/settings.md says what they mean",
        )
    return target.app
