"""What sensors and schedules have in common: when they are on, and what they do about a wrong setting."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import dagster as dg

from resources.errors import SettingsError
from resources.settings import Settings
from resources.settings_git import is_on

Tick = Callable[[dg.SensorEvaluationContext], dg.SensorResult]


def ticking(tick: Tick) -> Tick:
    """The same; a setting that is wrong is the reason why it did nothing."""

    def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult:
        try:
            return tick(context)
        except SettingsError as error:
            return dg.SensorResult(skip_reason=f"{error.what} {error.why}".strip())

    return evaluate


def sensor_status(found: Settings, name: str) -> dg.DefaultSensorStatus:
    """Off unless DBSYNC_SENSORS names it: a release tool must not surprise."""
    return dg.DefaultSensorStatus.RUNNING if is_on(found, name) else dg.DefaultSensorStatus.STOPPED


def schedule_status(found: Settings, name: str) -> dg.DefaultScheduleStatus:
    return dg.DefaultScheduleStatus.RUNNING if is_on(found, name) else dg.DefaultScheduleStatus.STOPPED


def seconds(interval: float) -> int:
    """As Dagster takes it."""
    return max(1, round(interval))


def quietly() -> dict[str, Any]:
    """Run configuration: the daemon's log gets what dbsync says, and not every event of Dagster's."""
    return {"loggers": {"console": {"config": {"log_level": "INFO"}}}}
