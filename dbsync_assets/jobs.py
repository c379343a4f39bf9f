"""The jobs. All run in one process: a deployment's lock and private copy live in it."""

from __future__ import annotations

import dagster as dg

from checks.backup_fresh import backup_fresh
from checks.catalog_sound import catalog_sound
from checks.storage_headroom import storage_headroom
from dbsync_assets.assets.full_backup import full_backup
from dbsync_assets.assets.health_report import health_report
from dbsync_assets.assets.incremental_backup import incremental_backup
from dbsync_assets.assets.migration_source import migration_source
from dbsync_assets.assets.validation_report import validation_report
from dbsync_assets.notice_hook import tell_of_failed_schedule
from dbsync_assets.queued import QUEUED
from dbsync_assets.rollback_hook import undo_failed_deployment

BACKUP_OBSERVATIONS = (backup_fresh, catalog_sound, storage_headroom)
"""Looked at with the health too: a backup grows old while none is made."""
RELEASE = dg.AssetSelection.groups("release")


def _with_checks(*assets: dg.AssetsDefinition) -> dg.AssetSelection:
    return dg.AssetSelection.assets(*assets) | dg.AssetSelection.checks_for_assets(*assets)


deploy = dg.define_asset_job(
    "deploy",
    RELEASE,
    description="Protect, prove, apply, validate, check health, record; put all back when a gate fails.",
    hooks={undo_failed_deployment},
    tags=QUEUED,
    executor_def=dg.in_process_executor,
)
backup = dg.define_asset_job(
    "backup",
    _with_checks(full_backup),
    description="A full backup, proven.",
    hooks={tell_of_failed_schedule},
    tags=QUEUED,
    executor_def=dg.in_process_executor,
)
incremental_job = dg.define_asset_job(
    "incremental_backup",
    _with_checks(incremental_backup),
    description="What changed since the newest backup: its binary logs.",
    hooks={tell_of_failed_schedule},
    tags=QUEUED,
    executor_def=dg.in_process_executor,
)
migration_check = dg.define_asset_job(
    "migration_check",
    _with_checks(migration_source),
    description="Is the history clean, what is pending?",
    executor_def=dg.in_process_executor,
)
validate = dg.define_asset_job(
    "validate",
    _with_checks(validation_report),
    description="Schema and data rules, read-only.",
    executor_def=dg.in_process_executor,
)
health_check = dg.define_asset_job(
    "health_check",
    _with_checks(health_report) | dg.AssetSelection.checks(*BACKUP_OBSERVATIONS),
    description="Database, application and system figures; are the backups fresh, whole, with room for more?",
    executor_def=dg.in_process_executor,
)

ALL = [deploy, backup, incremental_job, migration_check, validate, health_check]
