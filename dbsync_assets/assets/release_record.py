"""The evidence of one release."""

import json
from pathlib import Path

import dagster as dg

from dbsync_assets.assets.health_report import health_report
from dbsync_assets.deployment_resource import KEY
from dbsync_assets.ownership import CODE_VERSION, OWNERS
from resources.deployment.deployment import Deployment


@dg.asset(
    deps=[health_report],
    group_name="release",
    owners=OWNERS,
    code_version=CODE_VERSION,
    kinds={"json"},
    description="One evidence file per deployment: backup and proof, gate verdicts, timings, outcome.",
    required_resource_keys={KEY},
)
def release_record(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    deployment: Deployment = getattr(context.resources, KEY)
    path = Path(deployment.release())
    return dg.MaterializeResult(
        metadata={
            "deployment": deployment.id or "",
            "path": dg.MetadataValue.path(str(path)),
            "record": dg.MetadataValue.json(json.loads(path.read_text(encoding="utf-8"))),
            **{f"{name} (s)": round(seconds, 3) for name, seconds in deployment.timings.items()},
        }
    )
