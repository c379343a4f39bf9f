"""`dbsync baseline`: begin with a database that Prisma never migrated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from dbsync_assets.cli.context import HERE, Json, Project, deployment_of, load, watching
from dbsync_assets.cli.output import emit_json, safe, say, stderr, stdout
from dbsync_assets.run_job import run_job

if TYPE_CHECKING:
    from resources.validation.baseline import Baseline


def register(app: typer.Typer) -> None:
    app.command("baseline")(baseline)


def baseline(
    through: Annotated[
        str,
        typer.Option(
            help="The newest migration that the database contains already; default: found by comparing.",
            metavar="NAME",
        ),
    ] = "",
    yes: Annotated[bool, typer.Option("--yes", help="Record it without asking.")] = False,
    accept_differences: Annotated[
        bool,
        typer.Option("--accept-differences", help="Record it although the tables differ."),
    ] = False,
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """Mark the migrations that a database contains already as applied, the comparison shown first.

    For a database that has tables and no `_prisma_migrations`. All migrations are replayed on an empty
    private server, and the tables compared after each. No SQL of a migration runs on the database.
    Without --yes nothing is recorded, unless a person at a terminal agrees.
    """
    from resources.prisma.status import migration_status
    from resources.validation.baseline import find_baseline

    loaded = load(project)
    with watching():
        found = find_baseline(loaded.target, migration_status(loaded.target), through)
    if not as_json:
        _show(found, loaded.target.name)
    if not (yes or (not as_json and stderr.is_terminal and typer.confirm("Record this?", default=False))):
        if as_json:
            emit_json({"ok": True, "recorded": False, **found.as_dict()})
        else:
            more = "" if found.is_exact else " --accept-differences"
            say(f"nothing was recorded; to do so: dbsync baseline --through {found.names[-1]}{more} --yes")
        return
    config = {"through": found.names[-1], "accept_differences": accept_differences}
    with deployment_of(loaded, "change") as deployment:
        run_job("baseline", deployment, loaded.settings, config={"baseline_database": config})
    if as_json:
        emit_json({"ok": True, "recorded": True, **found.as_dict()})
    else:
        say(f"{len(found.names)} marked as applied; next: dbsync check")


def _show(found: Baseline, target: str) -> None:
    say(f"{target}: the tables are nearest to what the migrations make up to {found.names[-1]}")
    for name in found.names:
        say(f"  contained  {name}")
    for name in found.pending:
        say(f"  pending    {name}")
    for one in found.differences:
        say(f"✗ {one}")
        stdout.print(safe(one.diff))
    say("no difference" if found.is_exact else f"{len(found.differences)} differences")
