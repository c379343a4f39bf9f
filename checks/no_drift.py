"""Gate: before anything changes, the schema is what its applied migrations make."""

import dagster as dg

from checks.gate import KEY, deployment_of, unseen, verdict


@dg.asset_check(
    asset="full_backup",
    name="no_drift",
    blocking=True,
    required_resource_keys={KEY},
    description="The live schema equals a replay of the applied migrations, before the deployment.",
)
def no_drift(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    deployment = deployment_of(context)
    refusal = unseen(deployment.backup, "full_backup") or deployment.refuse_drift()
    found = len(deployment.drift)
    passed = "no drift" if not found else f"{found} differences accepted"
    if deployment.expectation is not None and deployment.expectation.finding is not None:
        passed = "accepted: the migrations do not replay, so its own schema is what is compared with"
    return verdict(refusal, passed, differences=found)
