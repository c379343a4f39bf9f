"""The application's new release: built beside the live one, switched to, and seen to be well."""

import dagster as dg

from dbsync_assets.assets.validation_report import validation_report
from dbsync_assets.deployment_resource import KEY
from resources.deployment.deployment import Deployment
from resources.redact import inert


@dg.asset(
    deps=[validation_report],
    group_name="release",
    kinds={"javascript"},
    description="Only where APP_FOLDER is set: switch, PM2 reload, does it answer rightly and stay?",
    required_resource_keys={KEY},
)
def app_release(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    deployment: Deployment = getattr(context.resources, KEY)
    found = deployment.release_application()
    return dg.MaterializeResult(
        data_version=dg.DataVersion(found["release"]),
        metadata={
            "release": found["release"],
            "release before": found["previous"] or "none",
            "build (s)": found["build_seconds"],
            "ready (s)": found["ready_seconds"],
            "database": inert(found["database"]),
            "answers": dg.MetadataValue.json(found["answers"]),
            "processes": dg.MetadataValue.json(found["processes"]),
        },
    )
