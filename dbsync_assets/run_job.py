"""Runs a job in this process against the instance in DAGSTER_HOME, so that the UI shows it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from dbsync_assets.run_process import PROCESS_TAG, this_process
from dbsync_assets.run_tags import deployment_tags
from resources.child_environment import no_secrets
from resources.errors import DbsyncError
from resources.redact import redact
from resources.settings import Settings, dagster_home

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment


def run_job(
    name: str, deployment: Deployment, settings: Settings, *, config: Mapping[str, Any] | None = None
) -> None:
    """Run job `name` on `deployment`. `config`: op name → its configuration (names only, no secrets).

    Raises the deployment's own DbsyncError when it failed, KeyboardInterrupt when a signal
    stopped it, else a DbsyncError with what Dagster recorded.
    """
    dagster_home(settings)
    with no_secrets():
        import dagster as dg

    from dbsync_assets.definitions import defs
    from dbsync_assets.deployment_resource import with_deployment
    from dbsync_assets.few_syncs import few_syncs

    run_config: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    if config:
        run_config["ops"] = {op: {"config": dict(values)} for op, values in config.items()}
    tags = deployment_tags(deployment) | {PROCESS_TAG: this_process()}
    with few_syncs(), dg.DagsterInstance.get() as instance, with_deployment(deployment):
        job = defs().resolve_job_def(name)
        result = job.execute_in_process(
            instance=instance, raise_on_error=False, tags=tags, run_config=run_config
        )
    if result.success:
        return
    if deployment.error is not None:
        raise deployment.error
    failures = [event for event in result.all_events if event.is_step_failure]
    detail = failures[0].step_failure_data.error if failures else None
    while detail:
        if detail.cls_name == "DagsterExecutionInterruptedError":
            raise KeyboardInterrupt  # Dagster had caught the signal
        if not detail.cause:
            break
        detail = detail.cause  # Dagster's own "error while executing" says nothing
    raise DbsyncError(
        f"the job {name} failed in {failures[0].step_key if failures else 'an unknown step'}",
        why=redact(detail.message.strip() if detail else "Dagster recorded no reason"),
        hint="dbsync ui shows the whole trace; dbsync doctor looks at the machine",
    )
