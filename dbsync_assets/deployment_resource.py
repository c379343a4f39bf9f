"""The deployment that a run works on, as a Dagster resource.

`with_deployment` hands over the deployment that the command made; a run started
by the UI or a sensor makes its own from the environment. Nothing is opened here:
the first step does that, because Dagster initialises resources again after a run
has succeeded, and a lock taken then would make a good run fail.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import dagster as dg

from dbsync_assets.project import project_folder, project_settings
from dbsync_assets.reexecution import refuse_continued, refuse_part
from dbsync_assets.run_process import PROCESS_TAG, this_process
from dbsync_assets.run_tags import deployment_tags, pinned_commit
from resources.deployment.deployment import Deployment, Purpose
from resources.git.commit import current_commit
from resources.log.line import Line
from resources.log.listener import LineListener
from resources.log.start import start_log
from resources.progress import circumstances, heard_by
from resources.settings import drop_secrets, target_of
from resources.target import Target

_given: ContextVar[Deployment | None] = ContextVar("dbsync_deployment", default=None)
KEY = "deployment"
_READING = ("migration_check", "validate", "health_check", "prove_backup", "reconcile", "drift")


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
    log = context.log or dg.get_dagster_logger()
    if given is not None:
        with heard_by(dagster_lines(log)):
            yield given
        return
    target = project_target()
    run = context.run
    job = run.job_name if run is not None else ""
    circumstances.command = job
    if run is not None and context.instance is not None:
        context.instance.add_run_tags(run.run_id, {PROCESS_TAG: this_process()})
    pinned = pinned_commit(target, run.tags, run.run_id) if run is not None and job == "deploy" else None
    with heard_by(dagster_lines(log)):
        commit = current_commit(project_folder(), target.migrations) if pinned is None else None
        deployment = Deployment(target, commit=commit, purpose=purpose_of(job), pinned=pinned)
        if run is not None and context.instance is not None:
            context.instance.add_run_tags(run.run_id, deployment_tags(deployment))
        if isinstance(run, dg.DagsterRun) and context.instance is not None:
            deployment.stopped = refuse_continued(context.instance, run, target) or refuse_part(run, target)
        try:
            yield deployment
        finally:
            deployment.close()


def project_target() -> Target:
    """The target of the project that this Dagster works on, and its log begun. Raises SettingsError."""
    target = target_of(project_settings())
    drop_secrets()
    start_log(target.log, target.name)
    return target


def purpose_of(job: str) -> Purpose:
    """What a run of this job may do. An asset materialised alone in the UI is locked, and cannot migrate."""
    if job == "deploy":
        return "deploy"
    return "read" if job in _READING else "change"


def dagster_lines(log: Any) -> LineListener:
    """The log's lines in the log of a run too, where the UI shows them."""

    def sink(line: Line) -> None:
        (log.error if line.level == "error" else log.info)(line.body())

    return LineListener(sink)
