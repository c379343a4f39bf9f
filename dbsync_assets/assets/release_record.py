"""The evidence of one release."""

import json
from pathlib import Path

import dagster as dg

from dbsync_assets.assets.health_report import health_report
from dbsync_assets.deployment_resource import KEY
from dbsync_assets.release_pictures import LAST, growth, timeline
from dbsync_assets.report_links import report_link
from resources.deployment.deployment import Deployment
from resources.deployment.record import sizes_after_releases


@dg.asset(
    deps=[health_report],
    group_name="release",
    kinds={"json"},
    description="One evidence file per deployment: backup and proof, gate verdicts, timings, outcome.",
    required_resource_keys={KEY},
)
def release_record(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    deployment: Deployment = getattr(context.resources, KEY)
    written = deployment.release()
    return dg.MaterializeResult(
        metadata={
            "deployment": deployment.id or "",
            "timeline": dg.MetadataValue.md(timeline(deployment.spans)),
            **_growth(deployment),
            **_reports(deployment),
            **(_record(Path(written)) if written else {}),
            **{f"{name} (s)": round(seconds, 3) for name, seconds in deployment.timings.items()},
        }
    )


def _growth(deployment: Deployment) -> dict[str, dg.MetadataValue]:
    target, health = deployment.target, deployment.health
    size = health.database.get("database_bytes") if health else None
    drawn = growth(sizes_after_releases(target.storage, target.name, LAST))
    shown: dict[str, dg.MetadataValue] = {}
    if drawn:
        shown["database growth"] = dg.MetadataValue.md(drawn)
    if size is not None:
        shown["database_bytes"] = dg.MetadataValue.int(size)
    return shown


def _reports(deployment: Deployment) -> dict[str, dg.MetadataValue]:
    path = deployment.validation.html_path if deployment.validation else None
    return {"validation report": report_link(path)} if path else {}


def _record(path: Path) -> dict[str, dg.MetadataValue]:
    return {
        "evidence": report_link(path),
        "path": dg.MetadataValue.path(str(path)),
        "record": dg.MetadataValue.json(json.loads(path.read_text(encoding="utf-8"))),
    }
