"""Deploys a commit of the watched branch that brings new migrations, once per attempt."""

from __future__ import annotations

import dagster as dg

from dbsync_assets import run_tags
from dbsync_assets.jobs import deploy
from dbsync_assets.project import project_settings
from resources.notify.announce import announce
from resources.notify.event import Event
from resources.release_source.attempts import Attempt, State
from resources.release_source.decide import Launch, Seen, run_key
from resources.release_source.look import Look, look
from resources.settings import Settings, target_of
from resources.target import Target
from sensors import project

NAME = "git_migrations"
_ENDED = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)
_RUNS = 100


def git_migrations(settings: Settings) -> dg.SensorDefinition:
    return dg.SensorDefinition(
        name=NAME,
        job=deploy,
        evaluation_fn=project.ticking(_tick),
        minimum_interval_seconds=project.seconds(settings.git_sensor_interval),
        default_status=project.sensor_status(settings, NAME),
        description="A commit of GIT_BRANCH with new migrations is deployed, once.",
    )


def _tick(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    target = target_of(project_settings())
    if target.source is None:
        return dg.SensorResult(skip_reason="GIT_REPOSITORY is not set: no branch is watched")
    found = look(target, target.source, Seen.parse(context.cursor), _runs(context.instance, target))
    cursor = found.seen.text()
    if not isinstance(found.decision, Launch):
        if found.refused is not None:
            _tell(target, found)
        return dg.SensorResult(skip_reason=found.decision.reason, cursor=cursor)
    launch = found.decision
    request = dg.RunRequest(
        run_key=run_key(target.name, launch),
        run_config=project.quietly(),
        tags=run_tags.launch_tags(target, launch, found.author, found.rewritten),
    )
    return dg.SensorResult(run_requests=[request], cursor=cursor)


def _runs(instance: dg.DagsterInstance, target: Target) -> list[Attempt]:
    """What Dagster knows of deployments of commits: also of those that never came to record anything."""
    filters = dg.RunsFilter(job_name=deploy.name, tags={run_tags.TARGET: target.name})
    return [
        Attempt(
            commit=record.dagster_run.tags.get(run_tags.COMMIT, ""),
            migrations=record.dagster_run.tags[run_tags.MIGRATIONS],
            number=int(record.dagster_run.tags.get(run_tags.ATTEMPT, "1")),
            state=_state(record.dagster_run.status),
            outcome=f"run {record.dagster_run.run_id[:8]} is {record.dagster_run.status.value.lower()}",
            at=record.update_timestamp.timestamp(),
            run=record.dagster_run.run_id,
        )
        for record in reversed(instance.get_run_records(filters, limit=_RUNS))
        if run_tags.MIGRATIONS in record.dagster_run.tags
    ]


def _state(status: dg.DagsterRunStatus) -> State:
    return "not_begun" if status in _ENDED else "going"


def _tell(target: Target, found: Look) -> None:
    error = found.refused
    assert error
    facts = {"target": target.name, "reason": error.what, "error": error.as_dict(), "outcome": "refused"}
    announce(
        target, Event("failure", target.name, f"refused: {error.what}", facts, error.hint or "dbsync status")
    )
