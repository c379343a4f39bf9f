"""Settings of the monitoring."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from resources.comma_separated import listed
from resources.metrics.policy import Monitoring
from resources.setting_types import Duration, HomePath

if TYPE_CHECKING:
    from resources.health.rules import Limits


class MonitorSettings(BaseSettings):
    """Mixed into Settings."""

    monitor_interval: Duration = Field(
        15.0, alias="MONITOR_INTERVAL", description="between two looks of the monitoring", ge=0.2
    )
    monitor_window: Duration = Field(
        60.0,
        alias="MONITOR_WINDOW",
        description="figures that jump about are judged by their mean over it",
        gt=0,
    )
    monitor_enter: int = Field(
        2, alias="MONITOR_ENTER", description="looks in a row that find a condition before it is told", ge=1
    )
    monitor_leave: int = Field(
        4, alias="MONITOR_LEAVE", description="looks in a row that find it gone before that is told", ge=1
    )
    monitor_keep: Duration = Field(
        14 * 86400.0,
        alias="MONITOR_KEEP",
        description="how long figures are kept, after a day as means of five minutes; 14 d by default",
        gt=0,
    )
    monitor_megabytes: float = Field(
        64.0, alias="MONITOR_MAX_MB", description="size beyond which the oldest figures go", ge=1
    )
    monitor_snapshot: Duration = Field(
        300.0,
        alias="MONITOR_SNAPSHOT",
        description="between two of the figures' points in Dagster, where the sensor `monitoring` runs",
        gt=0,
    )
    monitor_textfile: HomePath | None = Field(
        None,
        alias="MONITOR_TEXTFILE",
        description="text for node_exporter's textfile collector, in a folder that it may read; default "
        "metrics/metrics.prom in the state folder, which is this user's alone",
    )
    monitor_critical_for: Duration = Field(
        30.0,
        alias="MONITOR_CRITICAL_FOR",
        description="a critical condition of the application or of connections that began during a release "
        "and lasts so long makes its health check fail, where a monitor runs",
        ge=0,
    )
    monitor_limits: str = Field(
        "",
        alias="MONITOR_LIMITS",
        description="other limits, comma-separated, RULE=WARN/CRITICAL, e.g. "
        "connections=0.7/0.9,latency=50/-; - is none; docs/monitoring.md lists the rules",
    )

    @field_validator("monitor_limits", mode="after")
    @classmethod
    def _limits(cls, given: str) -> str:
        parse_limits(given)
        return given


def parse_limits(given: str) -> Limits:
    """`latency=50/-` → {"latency": (50.0, None)}. Raises ValueError naming what is wrong."""
    from resources.health.rules import RULES

    known = {rule.name for rule in RULES}
    found: dict[str, tuple[float | None, float | None]] = {}
    for part in listed(given):
        name, _, bounds = part.partition("=")
        warn, _, fail = bounds.partition("/")
        if name.strip() not in known:
            raise ValueError(f"no such rule: {name.strip()}; there are {', '.join(sorted(known))}")
        try:
            found[name.strip()] = (_bound(warn), _bound(fail))
        except ValueError:
            raise ValueError(f"not limits: {part}; write RULE=WARN/CRITICAL, - for none") from None
    return found


def monitoring_of(settings: MonitorSettings) -> Monitoring:
    return Monitoring(
        interval=settings.monitor_interval,
        window=settings.monitor_window,
        enter=settings.monitor_enter,
        leave=settings.monitor_leave,
        keep=settings.monitor_keep,
        largest=int(settings.monitor_megabytes * 1_000_000),
        snapshot=settings.monitor_snapshot,
        textfile=settings.monitor_textfile,
        critical_for=settings.monitor_critical_for,
    )


def _bound(text: str) -> float | None:
    return None if text.strip() in ("", "-") else float(text)
