"""What the commands share: the project they work on, and how they report."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dbsync_assets.cli.outcome import outcome
from dbsync_assets.cli.output import Terminal
from resources.errors import UsageError
from resources.log.start import start_log
from resources.progress import watched_by
from resources.settings import Settings, drop_secrets, load_settings, target_of
from resources.target import Target

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment, Purpose

Project = Annotated[
    Path, typer.Option("--project", "-C", help="Folder of the application.", show_default="current folder")
]
Json = Annotated[bool, typer.Option("--json", help="One JSON document on stdout instead of text.")]
AcceptLossy = Annotated[
    list[str] | None,
    typer.Option(
        "--accept-lossy",
        metavar="TABLE[,…]",
        help="Tables with values (FLOAT, JSON …) that a dump may change; as BACKUP_ACCEPT_LOSSY.",
    ),
]
HERE = Path()


@dataclass(frozen=True)
class Loaded:
    project: Path
    settings: Settings
    target: Target


def folder_of(project: Path) -> Path:
    """The project's folder, absolute. Raises UsageError where there is none."""
    try:
        folder = project.expanduser().resolve()
    except RuntimeError:  # the home of a user who is not there
        folder = project
    if not folder.is_dir():
        raise UsageError(
            "the project's folder is not there",
            where=str(folder),
            hint="-C FOLDER of the application, the one with package.json in it",
        )
    return folder


def load(project: Path, **overrides: Any) -> Loaded:
    """Settings and target of the project. `overrides`: options; None and [] are those that were not given."""
    folder = outcome.project = folder_of(project)
    given = {
        key: ",".join(value) if isinstance(value, list) else value
        for key, value in overrides.items()
        if value is not None and value != []
    }
    settings = load_settings(folder, **given)
    target = target_of(settings)
    drop_secrets()
    outcome.migrations, outcome.target = target.migrations, target.name
    start_log(target.log, target.name)
    return Loaded(folder, settings, target)


@contextmanager
def watching() -> Iterator[None]:
    """Progress of everything inside goes to the terminal."""
    with Terminal() as terminal, watched_by(terminal):
        yield


@contextmanager
def deployment_of(loaded: Loaded, purpose: Purpose) -> Iterator[Deployment]:
    """A deployment that is always closed, with progress on the terminal."""
    from resources.deployment.deployment import Deployment
    from resources.git.commit import current_commit

    with watching():
        commit = current_commit(loaded.project, loaded.target.migrations)
        deployment = Deployment(loaded.target, commit=commit, purpose=purpose)
        try:
            yield deployment
        finally:
            deployment.close()
