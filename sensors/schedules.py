"""What runs by the clock. Off until a person switches it on in the UI: a release tool must not surprise.

Runs from here carry the tag `dagster/schedule_name`, by which a backup knows that nobody
waits for it, and proves its archive; and by which its failure is told (docs/alerts.md).
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import dagster as dg

from dbsync_assets.jobs import backup, incremental_job
from dbsync_assets.operations import retention
from dbsync_assets.prove_backup import prove_backup
from resources.errors import SettingsError
from resources.settings import load_settings
from resources.settings_proof import ProofSettings


def schedules() -> list[dg.ScheduleDefinition]:
    """At the times that the project's settings name; with a wrong setting, at the default times.

    What is wrong every run says itself, and a code location that does not load says less.
    """
    try:
        times: ProofSettings = load_settings(Path(os.environ.get("DBSYNC_PROJECT", ".")))
    except SettingsError:
        times = ProofSettings.model_construct()
    return [
        _schedule(backup, times.backup_schedule, times, "A full backup, its archive proven."),
        _schedule(incremental_job, times.incremental_schedule, times, "What changed since the last backup."),
        _schedule(prove_backup, times.proof_schedule, times, "The newest backup, restored and compared."),
        _schedule(retention, times.retention_schedule, times, "Old backups removed, by BACKUP_KEEP…."),
    ]


def _schedule(job: Any, cron: str, times: ProofSettings, description: str) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=f"{job.name}_schedule",
        job=job,
        cron_schedule=cron,
        execution_timezone=times.schedule_timezone,
        default_status=dg.DefaultScheduleStatus.STOPPED,
        description=description,
    )
