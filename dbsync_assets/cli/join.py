"""`dbsync join`: follow what goes on by itself."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from dbsync_assets.cli.context import HERE, Json, Loaded, Project, deployment_of, load
from dbsync_assets.cli.follow import begun_by, end_as, end_as_recorded, error_recorded, follow, settle
from resources.errors import NoSuchWorkError, NothingToRollBackError
from resources.journal import DeploymentRecord, Journal
from resources.settings_work import github_runner
from resources.work import Work, Works

_PAUSE = 0.2


def register(app: typer.Typer) -> None:
    app.command("join")(join)


def join(
    named: Annotated[
        str,
        typer.Argument(
            help="Id of a work or a deployment; default: DBSYNC_DEPLOYMENT, what is running, the last work.",
            metavar="[ID]",
            show_default=False,
        ),
    ] = "",
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """Follow a deployment, backup, restore or rollback that goes on by itself; exit as it does.

    Of one that has ended, what it said is shown again. In a workflow, without an ID, only what the same
    run of it began is joined. Of one that was killed, what it had begun
    is put right first.
    """
    loaded = load(Path(project))
    work, entry = _find(loaded, named or loaded.settings.deployment)
    if work is None:
        assert entry
        entry, killed = _wait_for(loaded, entry)
        end_as_recorded(loaded, entry, killed=killed, as_json=as_json)
    end_as(loaded, work, follow(work, told=_told(work), as_json=as_json), as_json=as_json)


def released(loaded: Loaded, named: str) -> str:
    """Wait for a work's or deployment's end; the deployment's id. Raises what it ended with, or exits so."""
    work, entry = _find(loaded, named)
    killed = False
    if work is not None:
        ended = work.ended()
        if ended is None:
            ended = follow(work, told=_told(work), as_json=True)  # stdout is this command's own
        entry = begun_by(loaded, work)
        if ended is None and (entry is None or not entry.is_final):
            settle(loaded, work, as_json=False)
        if entry is None:
            assert ended
            end_as(loaded, work, ended, as_json=False)
    else:
        assert entry
        entry, killed = _wait_for(loaded, entry)
    if entry.phase != "released":
        raise error_recorded(loaded, entry, killed=killed)
    return entry.id


def _find(loaded: Loaded, named: str) -> tuple[Work | None, DeploymentRecord | None]:
    """Raises NoSuchWorkError. `named`: a work's or a deployment's id, "" for the last work."""
    works = Works(loaded.target.state)
    if not named:
        # A step must not take an earlier run's release, which a rollback behind it would undo, for its own.
        runner = github_runner()
        return works.last(runner.run if runner else None), None
    if work := works.find(named):
        return work, None
    try:
        entry = Journal(loaded.target.storage).get(named)
    except NothingToRollBackError as error:
        raise NoSuchWorkError(
            f"no work and no deployment has the id {named!r}", where=error.where, hint="dbsync status"
        ) from error
    return next((one for one in works.all() if any(map(one.wrote, entry.events))), None), entry


def _told(work: Work) -> str:
    return f"work {work.id}: dbsync {work.verb}, begun {work.begun['at'][:19]}Z, process {work.pid}"


def _wait_for(loaded: Loaded, entry: DeploymentRecord) -> tuple[DeploymentRecord, bool]:
    """A deployment that does not go on by itself: nobody can read what it prints, but how it ends.

    The second: whether it was killed; what it had begun is put right then.
    """
    journal = Journal(loaded.target.storage)
    while not entry.is_final and entry.owner_is_alive:
        time.sleep(_PAUSE)
        entry = journal.get(entry.id)
    if entry.is_final:
        return entry, False
    with deployment_of(loaded, "read") as deployment:
        deployment.begin()
    return journal.get(entry.id), True
