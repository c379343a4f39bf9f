"""Gate: no migration was edited, removed, left failed or slipped in out of order, and all replay."""

import dagster as dg

from checks.gate import KEY, deployment_of, looked, unseen, verdict


@dg.asset_check(
    asset="migration_source",
    name="history_clean",
    blocking=True,
    required_resource_keys={KEY},
    description="No migration edited, missing, failed or out of order; the applied ones replay.",
)
def history_clean(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    deployment = deployment_of(context)
    status = looked(deployment, deployment.status, deployment.check_history)
    return verdict(
        unseen(status, "migration_source") or deployment.refuse_history(),
        "folder and history agree",
        applied=len(status.applied_names) if status else 0,
        pending=len(status.pending_names) if status else 0,
        findings=len(status.findings) if status else 0,
    )
