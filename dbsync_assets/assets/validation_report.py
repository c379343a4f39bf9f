"""Whether schema and rows are what they should be, as a report."""

import dagster as dg

from dbsync_assets.assets.applied_schema_version import applied_schema_version
from dbsync_assets.deployment_resource import KEY
from dbsync_assets.report_links import report_link
from dbsync_assets.sql_blocks import differences
from resources.deployment.deployment import Deployment
from resources.redact import inert


@dg.asset(
    deps=[applied_schema_version],
    group_name="release",
    kinds={"mysql", "greatexpectations"},
    description="Schema against the replayed migrations, rows against the data rules; an HTML page.",
    required_resource_keys={KEY},
)
def validation_report(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    deployment: Deployment = getattr(context.resources, KEY)
    report = deployment.validate()
    assert report.html_path
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
            "differences": len(report.differences),
            **({"schema differences": differences(report.differences)} if report.differences else {}),
            **({"accepted drift": differences(report.accepted)} if report.accepted else {}),
            "report": report_link(report.html_path),
            "path": dg.MetadataValue.path(str(report.html_path)),
        },
    )
