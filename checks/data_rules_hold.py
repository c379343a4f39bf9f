"""Gate: the data rules hold on the changed database."""

import dagster as dg

from checks.gate import KEY, deployment_of, looked, unseen, verdict


@dg.asset_check(
    asset="validation_report",
    name="data_rules_hold",
    blocking=True,
    required_resource_keys={KEY},
    description="Counts, orphans, required values, unique keys, AUTO_INCREMENT headroom, and your own rules.",
)
def data_rules_hold(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    deployment = deployment_of(context)
    report = looked(deployment, deployment.validation, deployment.validate)
    return verdict(
        unseen(report, "validation_report") or deployment.refuse_validation("rules"),
        "all data rules hold",
        rules=len(report.rule_results) if report else 0,
        problems=len(report.rule_problems) if report else 0,
    )
