"""`dbsync health`: is everything well?"""

from __future__ import annotations

from pathlib import Path

import typer

from dbsync_assets.cli.about import about
from dbsync_assets.cli.context import HERE, Json, Project, deployment_of, load
from dbsync_assets.cli.outcome import report
from dbsync_assets.cli.output import say
from dbsync_assets.run_job import run_job


def register(app: typer.Typer) -> None:
    app.command("health")(health)


def health(project: Project = HERE, as_json: Json = False) -> None:
    """Check database, application (HEALTH_URL) and host against their thresholds."""
    loaded = load(Path(project))
    deployed = about(loaded)
    with deployment_of(loaded, "read") as deployment:
        try:
            run_job("health_check", deployment, loaded.settings)
        finally:
            found = deployment.health
            if found is not None:
                error = deployment.error and deployment.error.as_dict()
                told = found.as_dict() | {"deployment": deployed, "error": error}
                report({"ok": found.healthy, **told}, as_json)
            if found is not None and not as_json:
                for area in ("database", "application", "system"):
                    for name, figure in getattr(found, area).items():
                        say(f"{area:<12} {name:<24} {_shown(figure)}")
                for problem in [*found.problems, *found.warnings]:
                    say(f"! {problem}")
                say("healthy" if found.healthy else "NOT healthy", "green" if found.healthy else "red")


def _shown(figure: object) -> object:
    """A figure as text; an error, which is a dict, as its sentence and cause."""
    if isinstance(figure, dict):
        return ": ".join(str(figure[part]) for part in ("what", "why") if figure.get(part))
    return "unknown" if figure is None else figure
