"""Everything Dagster should know, merged. Nothing else happens here."""

from __future__ import annotations

import warnings

import dagster as dg

from checks.archive_proven import archive_proven
from checks.backup_fresh import backup_fresh
from checks.backup_proven import backup_proven
from checks.catalog_sound import catalog_sound
from checks.chain_unbroken import chain_unbroken
from checks.data_rules_hold import data_rules_hold
from checks.health_good import health_good
from checks.history_clean import history_clean
from checks.no_drift import no_drift
from checks.schema_consistent import schema_consistent
from checks.storage_headroom import storage_headroom
from dbsync_assets import jobs, operations
from dbsync_assets.app_configured import app_is_configured
from dbsync_assets.assets.app_release import app_release
from dbsync_assets.assets.applied_schema_version import applied_schema_version
from dbsync_assets.assets.full_backup import full_backup
from dbsync_assets.assets.health_report import health_report, health_report_behind
from dbsync_assets.assets.incremental_backup import incremental_backup
from dbsync_assets.assets.metrics_snapshot import metrics_snapshot
from dbsync_assets.assets.migration_source import migration_source
from dbsync_assets.assets.release_record import release_record
from dbsync_assets.assets.validation_report import validation_report
from dbsync_assets.deployment_resource import KEY, deployment_resource
from dbsync_assets.drift import drift, live_schema
from dbsync_assets.freshness import freshness_policy
from dbsync_assets.ownership import owned
from dbsync_assets.project import settings_or_defaults
from dbsync_assets.prove_backup import prove_backup
from dbsync_assets.reconcile import reconcile
from sensors.all import sensors
from sensors.schedules import schedules

# Dagster itself passes this parameter whenever it copies a sensor: nobody who reads it can do anything.
warnings.filterwarnings("ignore", "Parameter `owners` of initializer `SensorDefinition", dg.BetaWarning)


@dg.definitions
def defs() -> dg.Definitions:
    settings = settings_or_defaults()
    overdue = freshness_policy(settings)
    with_app = [app_release, health_report_behind(app_release)]
    released = with_app if app_is_configured(settings) else [health_report]
    return dg.Definitions(
        assets=owned(
            [
                migration_source,
                full_backup.map_asset_specs(lambda spec: dg.apply_freshness_policy(spec, overdue)),
                applied_schema_version,
                validation_report,
                *released,
                release_record,
                incremental_backup,
                metrics_snapshot,
                live_schema,
            ],
            settings.owner,
        ),
        asset_checks=[
            history_clean,
            backup_proven,
            archive_proven,
            no_drift,
            schema_consistent,
            data_rules_hold,
            health_good,
            chain_unbroken,
            backup_fresh,
            catalog_sound,
            storage_headroom,
        ],
        jobs=[*jobs.ALL, *operations.ALL, prove_backup, reconcile, drift],
        schedules=schedules(),
        sensors=sensors(),
        resources={KEY: deployment_resource},
        executor=dg.in_process_executor,
    )
