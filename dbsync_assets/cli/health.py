"""`dbsync health`: is everything well?"""

from __future__ import annotations

from pathlib import Path

import typer

from dbsync_assets.cli.context import HERE, Json, Project, deployment_of, load
from dbsync_assets.cli.output import emit_json, say
from dbsync_assets.run_job import run_job


def register(app: typer.Typer) -> None:
    app.command("health")(health)


def health(project: Project = HERE, as_json: Json = False) -> None:
    """Check database, application (HEALTH_URL) and host against their thresholds."""
    loaded = load(Path(project))
    with deployment_of(loaded, "read") as deployment:
        try:
            run_job("health_check", deployment, loaded.settings)
        finally:
            found = deployment.health
            if found is not None and as_json:
                error = deployment.error and deployment.error.as_dict()
                emit_json({"ok": found.healthy, **found.as_dict(), "error": error})
            elif found is not None:
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
