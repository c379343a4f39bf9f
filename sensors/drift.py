"""The live schema is compared with its migrations on an interval."""

from __future__ import annotations

import time

import dagster as dg

from dbsync_assets.drift import drift
from dbsync_assets.project import project_settings
from dbsync_assets.run_tags import TARGET
from resources.settings import Settings, target_of
from sensors import project

NAME = "drift"


def drift_sensor(settings: Settings) -> dg.SensorDefinition:
    return dg.SensorDefinition(
        name=NAME,
        job=drift,
        evaluation_fn=project.ticking(_tick),
        minimum_interval_seconds=project.seconds(settings.drift_interval),
        default_status=project.sensor_status(settings, NAME),
        description="The live schema against the applied migrations, every DRIFT_INTERVAL.",
    )


def _tick(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    target = target_of(project_settings())
    waiting = [dg.DagsterRunStatus.QUEUED, dg.DagsterRunStatus.STARTED]
    if context.instance.get_runs_count(dg.RunsFilter(job_name=drift.name, statuses=waiting)):
        return dg.SensorResult(skip_reason="the last comparison has not ended")
    key = f"drift:{target.name}:{time.time():.0f}"
    return dg.SensorResult(
        run_requests=[dg.RunRequest(run_key=key, run_config=project.quietly(), tags={TARGET: target.name})]
    )
