"""The newest look as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import generate_latest
from prometheus_client.registry import Collector, CollectorRegistry

from resources.durable_file import write_durably
from resources.metrics.conditions import LEVELS
from resources.metrics.figures import FIGURES
from resources.metrics.monitor import Look
from resources.redact import redact
from resources.target import Target

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def prometheus_text(target: Target, look: Look | None) -> bytes:
    """Gauges `dbsync_…` with the label `target`. A figure that is not known is left out."""
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Looked(target.name, look))
    return redact(generate_latest(registry).decode()).encode()


def write_textfile(target: Target, look: Look) -> Path:
    """For node_exporter's textfile collector: whole at any moment."""
    path = target.monitoring.textfile or target.state / "metrics" / "metrics.prom"
    write_durably(path, prometheus_text(target, look), mode=0o644)
    return path


class _Looked(Collector):
    def __init__(self, target: str, look: Look | None) -> None:
        self._target = target
        self._look = look

    def collect(self) -> Iterator[Metric]:
        look = self._look
        if look is None:
            return
        for figure in FIGURES.values():
            value = look.figures.get(figure.name)
            if isinstance(value, (int, float)):
                yield self._gauge(figure.name, figure.what, value)
        yield self._gauge("last_look_seconds", "Unix time of the newest look", look.at)
        yield self._gauge("level", "0 OK, 1 WARN, 2 CRITICAL", LEVELS.index(look.level))
        conditions = GaugeMetricFamily(
            "dbsync_condition", "1 WARN, 2 CRITICAL; those that hold", labels=["target", "condition"]
        )
        for one in look.conditions:
            conditions.add_metric([self._target, one.name], LEVELS.index(one.level))
        yield conditions

    def _gauge(self, name: str, what: str, value: float) -> GaugeMetricFamily:
        gauge = GaugeMetricFamily(f"dbsync_{name}", what, labels=["target"])
        gauge.add_metric([self._target], value)
        return gauge
