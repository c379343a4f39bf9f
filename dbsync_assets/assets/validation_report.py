"""Whether schema and rows are what they should be, as a report."""

import dagster as dg

from dbsync_assets.assets.applied_schema_version import applied_schema_version
from dbsync_assets.deployment_resource import KEY
from dbsync_assets.ownership import CODE_VERSION, OWNERS
from resources.deployment.deployment import Deployment
from resources.redact import inert


@dg.asset(
    deps=[applied_schema_version],
    group_name="release",
    owners=OWNERS,
    code_version=CODE_VERSION,
    kinds={"mysql", "greatexpectations"},
    description="Schema against the replayed migrations, rows against the data rules; an HTML page.",
    required_resource_keys={KEY},
)
def validation_report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    deployment: Deployment = getattr(context.resources, KEY)
    report = deployment.validate()
    result = report.result
    return dg.MaterializeResult(
        data_version=dg.DataVersion(result.schema_version),
        metadata={
            "is valid": result.is_valid,
            "schema version": result.schema_version,
            "inconsistencies": len(result.inconsistencies),
            "warnings": len(result.warnings),
            "found": dg.MetadataValue.json(
                [inert(text) for text in [*result.inconsistencies, *result.warnings][:50]]
            ),
            "seconds": round(report.seconds["total"], 3),
            "report": dg.MetadataValue.path(str(report.html_path)),
        },
    )
