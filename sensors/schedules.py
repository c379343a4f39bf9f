"""What runs by the clock. Off until DBSYNC_SENSORS or a click switches it on.

Runs from here carry the tag `dagster/schedule_name`, by which a backup knows that nobody
waits for it, and proves its archive; and by which its failure is told (docs/alerts.md).
"""

from __future__ import annotations

from typing import Any

import dagster as dg

from dbsync_assets.jobs import backup, incremental_job
from dbsync_assets.operations import retention
from dbsync_assets.project import settings_or_defaults
from dbsync_assets.prove_backup import prove_backup
from dbsync_assets.run_tags import target_tag
from resources.settings import Settings
from sensors import project


def schedules() -> list[dg.ScheduleDefinition]:
    """At the times that the project's settings name; with a wrong setting, at the default times."""
    times = settings_or_defaults()
    return [
        _schedule(backup, times.backup_schedule, times, "A full backup, its archive proven."),
        _schedule(incremental_job, times.incremental_schedule, times, "What changed since the last backup."),
        _schedule(prove_backup, times.proof_schedule, times, "The newest backup, restored and compared."),
        _schedule(retention, times.retention_schedule, times, "Old backups removed, by BACKUP_KEEP…."),
    ]


def _schedule(job: Any, cron: str, times: Settings, description: str) -> dg.ScheduleDefinition:
    return dg.ScheduleDefinition(
        name=f"{job.name}_schedule",
        job=job,
        cron_schedule=cron,
        execution_timezone=times.schedule_timezone,
        default_status=project.schedule_status(times, f"{job.name}_schedule"),
        tags=target_tag(times),
        description=description,
    )
