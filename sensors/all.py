"""Every sensor, with the intervals and states that the project's settings name."""

from __future__ import annotations

import dagster as dg

from sensors import project
from sensors.drift import drift_sensor
from sensors.git_migrations import git_migrations
from sensors.reconcile import reconcile_sensor


def sensors() -> list[dg.SensorDefinition]:
    found = project.settings_or_defaults()
    return [git_migrations(found), reconcile_sensor(found), drift_sensor(found)]
