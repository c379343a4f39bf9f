"""What a health check found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Area = Literal["database", "application", "system"]


@dataclass(frozen=True)
class Problem:
    """severity "fail" makes the whole unhealthy. threshold: the limit that was passed, in words."""

    area: Area
    what: str
    threshold: str
    severity: Literal["fail", "warn"] = "fail"
    name: str = ""
    """Of the rule that found it; "" where none did."""

    def __str__(self) -> str:
        return f"{self.area}: {self.what} (limit: {self.threshold})"


@dataclass(frozen=True)
class HealthStatus:
    """database, application and system hold figures by name; None where one could not be read."""

    healthy: bool
    database: Mapping[str, Any]
    application: Mapping[str, Any]
    system: Mapping[str, Any]
    problems: Sequence[Problem]
    warnings: Sequence[Problem]
    seconds: float
    monitoring: Mapping[str, Any] = field(default_factory=dict)
    """What the monitoring has seen lately, where one runs."""

    @property
    def numbers(self) -> dict[str, int | float]:
        """The figures that are numbers, by name, for whoever plots them; the application's say so."""
        application = {f"application_{name}": value for name, value in self.application.items()}
        return {
            name: value
            for figures in (self.database, application, self.system)
            for name, value in figures.items()
            if isinstance(value, (int, float)) and not isinstance(value, bool)
        }

    def as_dict(self) -> dict[str, Any]:
        return {
            "healthy": self.healthy,
            "database": dict(self.database),
            "application": dict(self.application),
            "system": dict(self.system),
            "monitoring": dict(self.monitoring),
            "problems": [asdict(problem) | {"text": str(problem)} for problem in self.problems],
            "warnings": [asdict(problem) | {"text": str(problem)} for problem in self.warnings],
            "seconds": round(self.seconds, 3),
        }
