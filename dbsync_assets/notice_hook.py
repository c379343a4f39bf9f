"""Tells people when what runs by the clock fails: nobody watches it, and a red run tells nobody."""

import dagster as dg

from dbsync_assets.assets.full_backup import SCHEDULE_TAG
from dbsync_assets.deployment_resource import KEY
from resources.deployment.deployment import Deployment
from resources.deployment.notice import send_notice


@dg.failure_hook(name="tell_of_failed_schedule", required_resource_keys={KEY})
def tell_of_failed_schedule(context: dg.HookContext) -> None:
    """To every channel that wants `backup`. What a person started tells that person."""
    run = context.instance.get_run_by_id(context.run_id)
    if run is None or SCHEDULE_TAG not in run.tags:
        return
    deployment: Deployment = getattr(context.resources, KEY)
    error = deployment.error
    reason = f"{context.job_name}, by {run.tags[SCHEDULE_TAG]}: {error or context.op_exception}"
    about = f"{context.job_name} of {deployment.target.name}"
    send_notice(
        deployment,
        error.code if error else "failed",
        reason,
        kind="backup",
        about=about,
        facts={"job": context.job_name},
    )
