"""The deployment that a run works on, as a Dagster resource.

`with_deployment` hands over the deployment that the command made; a run started
by the UI or a sensor makes its own from the environment. Nothing is opened here:
the first step does that, because Dagster initialises resources again after a run
has succeeded, and a lock taken then would make a good run fail.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

import dagster as dg

from resources.deployment.deployment import Deployment, Purpose
from resources.git import current_commit
from resources.progress import Step, watched_by
from resources.settings import drop_secrets, load_settings, target_of

_given: ContextVar[Deployment | None] = ContextVar("dbsync_deployment", default=None)
KEY = "deployment"


@contextmanager
def with_deployment(deployment: Deployment) -> Iterator[None]:
    """Runs started inside use this deployment; the caller closes it."""
    token = _given.set(deployment)
    try:
        yield
    finally:
        _given.reset(token)


def given_deployment() -> Deployment | None:
    """The one that a command handed over."""
    return _given.get()


@dg.resource(description="The deployment of this run: lock, journal, private copy. Opened by the first step.")
def deployment_resource(context: dg.InitResourceContext) -> Iterator[Deployment]:
    given = _given.get()
    if given is not None:
        yield given
        return
    project = Path(os.environ.get("DBSYNC_PROJECT", "."))
    target = target_of(load_settings(project))
    drop_secrets()
    job = context.run.job_name if context.run is not None else ""
    log = DagsterLog(context.log or dg.get_dagster_logger())
    with watched_by(log):
        commit = current_commit(project, target.migrations)
    deployment = Deployment(target, commit=commit, purpose=purpose_of(job))
    try:
        with watched_by(log):
            yield deployment
    finally:
        deployment.close()


def purpose_of(job: str) -> Purpose:
    """What a run of this job may do. An asset materialised alone in the UI is locked, and cannot migrate."""
    if job == "deploy":
        return "deploy"
    return "read" if job in ("migration_check", "validate", "health_check", "prove_backup") else "change"


class DagsterLog:
    """Progress as lines of the run's log."""

    def __init__(self, log: object) -> None:
        self._log = log

    def begin(self, title: str, total: float | None, unit: str) -> Step:
        del total, unit
        self.say(f"{title} …")
        return _LoggedStep(self)

    def end(self, step: Step, error: BaseException | None) -> None:
        del step, error

    def say(self, text: str) -> None:
        self._log.info(text)  # type: ignore[attr-defined]


class _LoggedStep:
    def __init__(self, log: DagsterLog) -> None:
        self._log = log

    def advance(self, amount: float) -> None:
        del amount

    def note(self, text: str) -> None:
        self._log.say(text)
