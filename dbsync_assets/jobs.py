"""The jobs. All run in one process: a deployment's lock and private copy live in it."""

from __future__ import annotations

import dagster as dg

from dbsync_assets.assets.full_backup import full_backup
from dbsync_assets.assets.health_report import health_report
from dbsync_assets.assets.migration_source import migration_source
from dbsync_assets.assets.validation_report import validation_report
from dbsync_assets.rollback_hook import undo_failed_deployment

RELEASE = dg.AssetSelection.groups("release")


def _job(name: str, selection: dg.AssetSelection, description: str, **more: object) -> object:
    return dg.define_asset_job(
        name,
        selection=selection,
        description=description,
        executor_def=dg.in_process_executor,
        **more,  # type: ignore[arg-type]
    )


def _with_checks(*assets: dg.AssetsDefinition) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*assets) | dg.AssetSelection.checks_for_assets(*assets)


deploy = _job(
    "deploy",
    RELEASE,
    "Protect, prove, apply, validate, check health, record; put everything back when a gate fails.",
    hooks={undo_failed_deployment},
)
backup = _job("backup", _with_checks(full_backup), "A full backup, proven.")
migration_check = _job(
    "migration_check", _with_checks(migration_source), "Is the history clean, what is pending?"
)
validate = _job("validate", _with_checks(validation_report), "Schema and data rules, read-only.")
health_check = _job("health_check", _with_checks(health_report), "Database, application and system figures.")

ALL = [deploy, backup, migration_check, validate, health_check]
