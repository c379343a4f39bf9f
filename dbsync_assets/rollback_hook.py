"""Rolls back when a step or a gate of the deployment job fails."""

import dagster as dg

from dbsync_assets.deployment_resource import KEY
from dbsync_assets.true_version import show_true_version
from resources.deployment.deployment import Deployment


@dg.failure_hook(name="undo_failed_deployment", required_resource_keys={KEY})
def undo_failed_deployment(context: dg.HookContext) -> None:
    """The second of three layers: the first is inside `apply`, the third is the journal."""
    deployment: Deployment = getattr(context.resources, KEY)
    error = context.op_exception
    deployment.undo(deployment.error.what if deployment.error else str(error or "a gate failed"))
    if deployment.rollback is not None and deployment.rollback.outcome == "rolled_back":
        because = f"deployment {deployment.id} was rolled back to the state before it"
        show_true_version(context.instance, deployment.target, because)
