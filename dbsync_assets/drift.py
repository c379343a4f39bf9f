"""The job that compares the live schema with the applied migrations, and tells people of a difference."""

import dagster as dg

from dbsync_assets.deployment_resource import KEY
from resources.deployment.deployment import Deployment
from resources.errors import DriftError
from resources.notify.announce import announce
from resources.notify.event import Event
from resources.validation.live_drift import live_drift

ASSET = "live_schema"
_SHOWN = 5

live_schema = dg.AssetSpec(
    ASSET,
    group_name="observed",
    kinds={"mysql"},
    description="The schema as it is now. Observed by the job `drift`; a change by hand is noticed.",
)


@dg.op(name="compare_live_schema", required_resource_keys={KEY}, out=dg.Out(dict))
def drift_op(context: dg.OpExecutionContext) -> dict:
    deployment: Deployment = getattr(context.resources, KEY)
    target = deployment.target
    deployment.begin()  # what was killed is put right first: it would look like drift
    found = live_drift(target)
    shown = found.as_dict()
    context.log_event(
        dg.AssetObservation(
            ASSET,
            description=found.state,
            metadata={
                "state": found.state,
                "tables": found.tables,
                "applied migrations": found.applied,
                "differences": len(found.differences),
                "of which": dg.MetadataValue.json(shown["differences"]),
                "unknown": found.unknown or "nothing",
            },
        )
    )
    if not found.differences:
        return shown
    error = DriftError(
        f"the live schema differs from its migrations in {len(found.differences)} places",
        where=target.name,
        why="; ".join(found.differences[:_SHOWN]),
        hint="dbsync validate shows it; write it as a migration, or take it back",
    )
    facts = {"target": target.name, "reason": error.what, "error": error.as_dict(), **shown}
    # The differences are the state: another one is news, the same one is not.
    state = f"drifted: {'; '.join(found.differences[:_SHOWN])}"
    told = announce(target, Event("drift", target.name, state, facts, "dbsync validate"))
    lines = [f"alert by {one.channel}: {one.detail}" for one in told]
    context.log.info("\n".join(lines) or "no alert: told before, or no channel")
    raise error


@dg.job(
    name="drift",
    executor_def=dg.in_process_executor,
    description="The live schema against the applied migrations. Changes nothing.",
)
def drift() -> None:
    drift_op()
