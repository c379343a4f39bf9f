"""How a target is monitored."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Monitoring:
    """Times in seconds."""

    interval: float = 15.0
    window: float = 60.0
    """Figures that jump about are judged by their mean over so long."""
    enter: int = 2
    """Looks in a row that find a condition before it is one."""
    leave: int = 4
    """Looks in a row that find it gone before it is."""
    keep: float = 14 * 86400.0
    largest: int = 64_000_000
    """Bytes of the store, at most about so many."""
    snapshot: float = 300.0
    """Between two materialisations of metrics_snapshot by the sensor."""
    textfile: Path | None = None
    """Where the text for Prometheus is written; None: `metrics.prom` beside the store."""
    critical_for: float = 30.0
    """A condition that was critical for so long during a release makes its health check fail."""
