"""The project that sensors and schedules work for, read anew at every tick."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg

from resources.errors import SettingsError
from resources.settings import Settings, load_settings
from resources.settings_git import is_on


def settings() -> Settings:
    """Raises SettingsError."""
    return load_settings(Path(os.environ.get("DBSYNC_PROJECT", ".")))


def settings_or_defaults() -> Settings:
    """For when definitions load. What is wrong every run says itself; a code location that does not
    load says less.
    """
    try:
        return settings()
    except SettingsError:
        return Settings.model_construct()


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
