"""Gate: database and application are well after the change."""

import dagster as dg

from checks.gate import KEY, deployment_of, looked, unseen, verdict

_SHOWN = ("latency_ms", "threads_connected", "application_latency_ms", "disk_free_bytes", "load_1")


@dg.asset_check(
    asset="health_report",
    name="health_good",
    blocking=True,
    required_resource_keys={KEY},
    description="Database, application and system figures are within their thresholds.",
)
def health_good(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    deployment = deployment_of(context)
    health = looked(deployment, deployment.health, deployment.check_health)
    return verdict(
        unseen(health, "health_report") or deployment.refuse_health(),
        "healthy",
        problems=len(health.problems) if health else 0,
        warnings=len(health.warnings) if health else 0,
        **{name: value for name in _SHOWN if health and (value := health.numbers.get(name)) is not None},
    )
