"""A full backup, proven by having been started."""

import dagster as dg
from pydantic import Field

from dbsync_assets.assets.migration_source import migration_source
from dbsync_assets.catalog_metadata import catalog, figures
from dbsync_assets.deployment_resource import KEY
from resources.backup.index import look
from resources.backup.proof_choice import CHOICES
from resources.deployment.deployment import Deployment
from resources.errors import UsageError

SCHEDULE_TAG = "dagster/schedule_name"


class BackupConfig(dg.Config):
    proof: str = Field("auto", description="auto (as BACKUP_PROOF says), clone, archive or none.")


@dg.asset(
    deps=[migration_source],
    group_name="release",
    kinds={"mysql"},
    description="The whole database, archived; its rows were counted and digested on a started copy.",
    required_resource_keys={KEY},
)
def full_backup(context: dg.AssetExecutionContext, config: BackupConfig) -> dg.MaterializeResult:
    if config.proof not in CHOICES:
        raise UsageError(f"proof is {config.proof!r}", hint=f"one of {', '.join(CHOICES)}")
    deployment: Deployment = getattr(context.resources, KEY)
    scheduled = SCHEDULE_TAG in context.run.tags
    manifest = deployment.back_up(config.proof, scheduled=scheduled).manifest
    tables = dg.TableSchema(
        columns=[
            dg.TableColumn("table", "string"),
            dg.TableColumn("rows", "int"),
            dg.TableColumn("checksum", "int"),
        ]
    )
    records = [
        dg.TableRecord({"table": name, "rows": digest.rows, "checksum": digest.checksum})
        for name, digest in manifest.tables.items()
    ]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(manifest.id),
        metadata={
            "id": manifest.id,
            "engine": f"{manifest.engine} ({manifest.engine_reason})",
            "proof": manifest.proof.result,
            "proof of": manifest.proof.of or "nothing",
            **catalog(look(deployment.target.storage).entries, manifest.database),
            **figures(manifest, deployment.timings["backup"]),
            "schema version": manifest.schema_version,
            "path": dg.MetadataValue.path(manifest.file_path),
            "tables": dg.MetadataValue.table(records, tables),
        },
    )
