"""`dbsync validate`: schema and data rules, read-only."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from dbsync_assets.cli.about import about
from dbsync_assets.cli.context import HERE, Json, Project, deployment_of, load
from dbsync_assets.cli.outcome import report
from dbsync_assets.cli.output import say
from dbsync_assets.run_job import run_job
from resources.prisma.find_folder import find_schema
from resources.prisma.schema_files import schema_beside


def register(app: typer.Typer) -> None:
    app.command("validate")(validate)


def validate(
    schema_file: Annotated[
        bool, typer.Option("--schema-file", help="Compare the database with schema.prisma too; warns only.")
    ] = False,
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """Compare the schema with a replay of all migrations, and the rows with the data rules."""
    loaded = load(Path(project))
    if schema_file:
        place = find_schema(loaded.project) or loaded.target.migrations.parent / "schema.prisma"
        place = place if place.exists() else schema_beside(loaded.target.migrations) or place
        loaded = replace(loaded, target=replace(loaded.target, schema_file=place))
    deployed = about(loaded)
    with deployment_of(loaded, "read") as deployment:
        try:
            run_job("validate", deployment, loaded.settings)
        finally:
            found = deployment.validation
            if found is not None:
                error = deployment.error and deployment.error.as_dict()
                valid = found.result.is_valid
                report({"ok": valid, **found.as_dict(), "deployment": deployed, "error": error}, as_json)
            if found is not None and not as_json:
                for text in found.result.inconsistencies:
                    say(f"✗ {text}")
                for text in found.result.warnings:
                    say(f"! {text}")
                say(f"{'valid' if found.result.is_valid else 'NOT valid'}; report: {found.html_path}")
