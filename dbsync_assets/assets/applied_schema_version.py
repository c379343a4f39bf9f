"""The schema version that the database is at: the pending migrations, applied."""

import dagster as dg

from dbsync_assets.assets.full_backup import full_backup
from dbsync_assets.deployment_resource import KEY
from dbsync_assets.sql_blocks import applied_scripts
from resources.deployment.deployment import Deployment


@dg.asset(
    deps=[full_backup],
    group_name="release",
    kinds={"mysql", "prisma"},
    description="Pending migrations applied under a held lock, bounded waits and a time-out.",
    required_resource_keys={KEY},
)
def applied_schema_version(context: dg.AssetExecutionContext) -> dg.MaterializeResult:
    deployment: Deployment = getattr(context.resources, KEY)
    result = deployment.apply()
    assert deployment.status
    names = [*deployment.status.applied_names, *result.applied_migrations]
    version = names[-1] if names else "empty"
    taken = result.statement_seconds
    spent = [seconds for statements in taken.values() for seconds in statements]
    return dg.MaterializeResult(
        data_version=dg.DataVersion(version),
        metadata={
            "version": version,
            "applied now": dg.MetadataValue.json(list(result.applied_migrations)),
            "count": len(result.applied_migrations),
            "statements": len(spent),
            "seconds": round(result.execution_time, 3),
            "slowest statement (s)": round(max(spent, default=0.0), 3),
            **({"applied SQL": applied_scripts(deployment.status.files, taken)} if taken else {}),
        },
    )
