"""Gate: database and application are well after the change."""

import dagster as dg

from checks.gate import KEY, deployment_of, unseen, verdict


@dg.asset_check(
    asset="health_report",
    name="health_good",
    blocking=True,
    required_resource_keys={KEY},
    description="Database, application and system figures are within their thresholds.",
)
def health_good(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    deployment = deployment_of(context)
    return verdict(unseen(deployment.health, "health_report") or deployment.refuse_health(), "healthy")
