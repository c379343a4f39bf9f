"""Looks at the figures in the tick itself: a run each time would cost more than all that is looked at.

Where `dbsync monitor --watch` (or --listen) runs, that has looked already, and the sensor only
shows Dagster what it found.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import dagster as dg

from dbsync_assets.deployment_resource import project_target
from dbsync_assets.metrics_metadata import metrics_metadata
from resources.errors import SettingsError
from resources.metrics.monitor import Look, Monitor, last_look
from resources.metrics.publish import publish
from resources.metrics.store import Store
from resources.settings import load_settings
from resources.settings_monitor import MonitorSettings
from resources.target import Target

_LOOKED_BY_OTHERS = 0.8
"""Share of the interval within which a look need not be repeated."""
_lock = threading.Lock()
_kept: tuple[Target, Monitor] | None = None
"""Of this process: connection and store stay open from tick to tick."""


def monitoring_sensor() -> dg.SensorDefinition:
    """At MONITOR_INTERVAL; with a wrong setting at the default, and each tick says what is wrong."""
    try:
        settings: MonitorSettings = load_settings(Path(os.environ.get("DBSYNC_PROJECT", ".")))
    except SettingsError:
        settings = MonitorSettings.model_construct()

    @dg.sensor(
        name="monitoring",
        minimum_interval_seconds=max(1, round(settings.monitor_interval)),
        default_status=dg.DefaultSensorStatus.STOPPED,
        description="Collects figures, tells people what changed; metrics_snapshot each MONITOR_SNAPSHOT.",
    )
    def monitoring() -> dg.SensorResult:
        return tick()

    return monitoring


def tick() -> dg.SensorResult:
    """Raises SettingsError, which Dagster shows on the tick."""
    with _lock:
        target, monitor = _monitor()
        look = _recent(target, monitor.store)
        if look is None:
            look = monitor.look()
            publish(target, monitor.store, look)
        due = monitor.store.due("snapshot", target.monitoring.snapshot, time.time())
    event = dg.AssetMaterialization("metrics_snapshot", metadata=metrics_metadata(target, look))
    wrong = "; ".join(one.reason for one in look.conditions)
    return dg.SensorResult(
        skip_reason=dg.SkipReason(f"{look.level}{': ' + wrong if wrong else ''}"),
        asset_events=[event] if due else [],
    )


def _recent(target: Target, store: Store) -> Look | None:
    look = last_look(target, store)
    if look is None or not 0 <= time.time() - look.at < _LOOKED_BY_OTHERS * target.monitoring.interval:
        return None
    return look


def _monitor() -> tuple[Target, Monitor]:
    global _kept
    target = project_target()
    if _kept is not None and (_kept[0] != target or not _kept[1].store.path.exists()):
        _kept[1].close()
        _kept[1].store.close()
        _kept = None
    if _kept is None:
        _kept = target, Monitor(target, Store(target))
    return _kept
