"""Whether database, application and host are well."""

import dagster as dg

from dbsync_assets.assets.validation_report import validation_report
from dbsync_assets.deployment_resource import KEY
from dbsync_assets.ownership import CODE_VERSION, OWNERS
from resources.deployment.deployment import Deployment


def _report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    deployment: Deployment = getattr(context.resources, KEY)
    health = deployment.check_health()
    return dg.MaterializeResult(
        metadata={
            "healthy": health.healthy,
            "problems": dg.MetadataValue.json([str(problem) for problem in health.problems]),
            "figures": dg.MetadataValue.json(health.as_dict()),
        }
    )


def health_report_behind(upstream: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The asset `health_report`, looked at once `upstream` is done."""
    return dg.asset(
        name="health_report",
        deps=[upstream],
        group_name="release",
        owners=OWNERS,
        code_version=CODE_VERSION,
        kinds={"mysql"},
        description="Database, application and system figures against their thresholds.",
        required_resource_keys={KEY},
    )(_report)


health_report = health_report_behind(validation_report)
