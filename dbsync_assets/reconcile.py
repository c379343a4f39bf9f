"""The job that puts right what killed deployments left behind, as every command does when it starts."""

import dagster as dg

from dbsync_assets.deployment_resource import KEY
from dbsync_assets.true_version import show_true_version
from resources.deployment.deployment import Deployment
from resources.errors import UnfinishedError
from resources.rollback.killed import killed


@dg.op(name="put_killed_deployments_right", required_resource_keys={KEY}, out=dg.Out(list))
def reconcile_op(context: dg.OpExecutionContext) -> list:
    deployment: Deployment = getattr(context.resources, KEY)
    deployment.begin()
    outcomes = [one.as_dict() for one in deployment.reconciled]
    context.add_output_metadata({"outcomes": dg.MetadataValue.json(outcomes)})
    if outcomes:
        show_true_version(context.instance, deployment.target, "after a killed deployment was put right")
    left = killed(deployment.target)
    if left:
        raise UnfinishedError(
            f"deployment {left[0].id} is not put right yet",
            where=deployment.target.name,
            why=f"phase {left[0].phase}; another deployment may hold the lock",
            hint="nothing; it is tried again by itself",
        )
    return outcomes


@dg.job(
    name="reconcile",
    executor_def=dg.in_process_executor,
    description="What a killed deployment left is finished, rolled back, or named.",
)
def reconcile() -> None:
    reconcile_op()
