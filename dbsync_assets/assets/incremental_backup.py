"""What changed since the newest backup: the server's binary logs, stored and read back."""

import dagster as dg

from dbsync_assets.assets.full_backup import full_backup
from dbsync_assets.deployment_resource import KEY
from resources.deployment import operations
from resources.deployment.deployment import Deployment


# The op has another name than the asset: the job is called like the asset, and Dagster wants them apart.
@dg.multi_asset(
    name="back_up_incrementally",
    specs=[
        dg.AssetSpec(
            "incremental_backup",
            deps=[full_backup],
            group_name="backups",
            kinds={"mysql"},
            description="The binary logs since the newest backup, without a gap: any moment can be restored.",
        )
    ],
    required_resource_keys={KEY},
)
def incremental_backup(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    deployment: Deployment = getattr(context.resources, KEY)
    manifest = operations.back_up_incrementally(deployment)
    span = manifest.span
    assert span
    return dg.MaterializeResult(
        data_version=dg.DataVersion(manifest.id),
        metadata={
            "id": manifest.id,
            "parent": manifest.parent,
            "size (bytes)": manifest.size,
            "binary logs (bytes)": manifest.plain_size,
            "files": len(manifest.files),
            "from": f"{span.start_file}:{span.start_position} {span.first_event_at}",
            "to": f"{span.end_file}:{span.end_position} {span.last_event_at}",
            "proof": manifest.proof.result,
            "seconds": round(deployment.timings["incremental backup"], 3),
            "schema version": manifest.schema_version,
            "path": dg.MetadataValue.path(manifest.file_path),
        },
    )
