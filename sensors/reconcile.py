"""What was killed ends in a stated outcome without a person, and so does Dagster's view of it."""

from __future__ import annotations

import time
from dataclasses import replace

import dagster as dg

from dbsync_assets.project import project_settings
from dbsync_assets.reconcile import reconcile
from dbsync_assets.run_process import PROCESS_TAG, is_gone
from resources.errors import ConnectError, NoSuchDatabaseError
from resources.mysql.connection import connect
from resources.rollback.killed import Tried, due, killed
from resources.settings import Settings, target_of
from resources.target import Target
from sensors import project

NAME = "reconcile"
_CONNECT_WITHIN = 2.0
_GOING = [
    dg.DagsterRunStatus.NOT_STARTED,
    dg.DagsterRunStatus.QUEUED,
    dg.DagsterRunStatus.STARTING,
    dg.DagsterRunStatus.STARTED,
    dg.DagsterRunStatus.CANCELING,
]
_WORKING = [dg.DagsterRunStatus.STARTED, dg.DagsterRunStatus.CANCELING]


def reconcile_sensor(settings: Settings) -> dg.SensorDefinition:
    return dg.SensorDefinition(
        name=NAME,
        job=reconcile,
        evaluation_fn=project.ticking(_tick),
        minimum_interval_seconds=project.seconds(settings.reconcile_interval),
        default_status=project.sensor_status(settings, NAME),
        description="A deployment whose process was killed is finished or rolled back.",
    )


def _tick(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    ended = _tell_dagster(context.instance)
    said = f"; Dagster was told of {ended} killed runs" if ended else ""
    target = target_of(project_settings())
    tried = Tried.parse(context.cursor)
    now, why = due(killed(target), tried, time.time())
    if now is None:
        return dg.SensorResult(skip_reason=f"{why}{said}")
    if context.instance.get_runs_count(dg.RunsFilter(job_name=reconcile.name, statuses=_GOING)):
        return dg.SensorResult(skip_reason=f"a run of the job reconcile is at it{said}")
    if problem := _unreachable(target):
        return dg.SensorResult(skip_reason=f"deployment {now.ids[0]} waits for the database: {problem}{said}")
    # The time in the key: a cursor that was lost counts tries anew, and Dagster remembers keys for ever.
    key = f"reconcile:{target.name}:{','.join(now.ids)}:{now.tries}:{now.at:.0f}"
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=key, run_config=project.quietly())], cursor=now.text()
    )


def _tell_dagster(instance: dg.DagsterInstance) -> int:
    """Fail the runs whose process is gone; the code server that started them may be gone with it."""
    ended = 0
    for run in instance.get_runs(dg.RunsFilter(statuses=_WORKING)):
        if is_gone(run.tags.get(PROCESS_TAG, "")):
            instance.report_run_failed(run, "the process of this run was killed")
            ended += 1
    return ended


def _unreachable(target: Target) -> str:
    quick = replace(target.endpoint, connect_timeout=min(target.endpoint.connect_timeout, _CONNECT_WITHIN))
    try:
        connect(quick, target.database).close()
    except NoSuchDatabaseError:
        return ""
    except ConnectError as error:
        return error.what
    return ""
