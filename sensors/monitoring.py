"""Looks at the figures in the tick itself: a run each time would cost more than all that is looked at.

Where `dbsync monitor --watch` (or --listen) runs, that has looked already, and the sensor only
shows Dagster what it found.
"""

from __future__ import annotations

import threading
import time

import dagster as dg

from dbsync_assets.metrics_metadata import metrics_metadata
from dbsync_assets.project import project_settings
from resources.log.start import start_log
from resources.metrics.monitor import Look, Monitor, last_look
from resources.metrics.publish import publish
from resources.metrics.store import Store
from resources.settings import Settings, target_of
from resources.target import Target
from sensors import project

NAME = "monitoring"
_LOOKED_BY_OTHERS = 0.8
"""Share of the interval within which a look need not be repeated."""
_lock = threading.Lock()
_kept: tuple[Target, Monitor] | None = None
"""Of this process: connection and store stay open from tick to tick."""


def monitoring_sensor(settings: Settings) -> dg.SensorDefinition:
    return dg.SensorDefinition(
        name=NAME,
        evaluation_fn=project.ticking(_tick),
        minimum_interval_seconds=project.seconds(settings.monitor_interval),
        default_status=project.sensor_status(settings, NAME),
        description="Collects figures, tells people what changed; metrics_snapshot each MONITOR_SNAPSHOT.",
    )


def _tick(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    del context
    target = target_of(project_settings())
    start_log(target.log, target.name)
    with _lock:
        monitor = _monitor(target)
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


def _monitor(target: Target) -> Monitor:
    global _kept
    if _kept is not None and (_kept[0] != target or not _kept[1].store.path.exists()):
        _kept[1].close()
        _kept[1].store.close()
        _kept = None
    if _kept is None:
        _kept = target, Monitor(target, Store(target))
    return _kept[1]
