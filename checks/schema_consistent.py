"""Gate: after the change, the schema is what all migrations make."""

import dagster as dg

from checks.gate import KEY, deployment_of, looked, unseen, verdict


@dg.asset_check(
    asset="validation_report",
    name="schema_consistent",
    blocking=True,
    required_resource_keys={KEY},
    description="The live schema equals a replay of all migrations.",
)
def schema_consistent(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    deployment = deployment_of(context)
    report = looked(deployment, deployment.validation, deployment.validate)
    return verdict(
        unseen(report, "validation_report") or deployment.refuse_validation("schema"),
        "the schema is what the migrations make",
        differences=len(report.differences) if report else 0,
    )
