"""Whether database, application and host are well."""

import dagster as dg

from dbsync_assets.assets.validation_report import validation_report
from dbsync_assets.deployment_resource import KEY
from dbsync_assets.report_links import report_link
from resources import progress
from resources.deployment.deployment import Deployment
from resources.errors import DiskFullError
from resources.health.page import write_page
from resources.health.status import HealthStatus


def _report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    deployment: Deployment = getattr(context.resources, KEY)
    health = deployment.check_health()
    return dg.MaterializeResult(
        metadata={
            "healthy": health.healthy,
            "problems": dg.MetadataValue.json([str(problem) for problem in health.problems]),
            "warnings": dg.MetadataValue.json([str(problem) for problem in health.warnings]),
            **_page(deployment, health),
            **health.numbers,
            "figures": dg.MetadataValue.json(health.as_dict()),
        }
    )


def _page(deployment: Deployment, health: HealthStatus) -> dict[str, dg.MetadataValue]:
    try:
        path = write_page(deployment.target, health)
    except (OSError, DiskFullError) as error:  # no reason to take a good release back
        progress.say(f"the health report could not be written: {error}")
        return {}
    return {"report": report_link(path), "path": dg.MetadataValue.path(str(path))}


def health_report_behind(upstream: dg.AssetsDefinition) -> dg.AssetsDefinition:
    """The asset `health_report`, looked at once `upstream` is done."""
    return dg.asset(
        name="health_report",
        deps=[upstream],
        group_name="release",
        kinds={"mysql"},
        description="Database, application and system figures against their thresholds.",
        required_resource_keys={KEY},
    )(_report)


health_report = health_report_behind(validation_report)
