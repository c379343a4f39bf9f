"""Every sensor, with the intervals and states that the project's settings name.

A tick runs in the process that starts the runs, and those inherit its environment: it must not call
`drop_secrets`.
"""

from __future__ import annotations

import dagster as dg

from dbsync_assets.project import settings_or_defaults
from sensors import project
from sensors.alerts import alerts_sensor
from sensors.drift import drift_sensor
from sensors.git_migrations import git_migrations
from sensors.monitoring import monitoring_sensor
from sensors.reconcile import reconcile_sensor


def sensors() -> list[dg.SensorDefinition]:
    found = settings_or_defaults()
    told = alerts_sensor(project.sensor_status(found, "alerts"))
    return [
        git_migrations(found),
        reconcile_sensor(found),
        drift_sensor(found),
        told,
        monitoring_sensor(found),
    ]
