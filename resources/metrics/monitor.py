"""One look: collected, kept, aggregated, judged; people are told of what changed."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from resources.health.rules import RULES, judge
from resources.health.status import Area, HealthStatus, Problem
from resources.metrics.aggregate import aggregate
from resources.metrics.collect import Collector
from resources.metrics.conditions import Condition, Level, advance, worst
from resources.metrics.figures import names_of
from resources.metrics.sample import Sample
from resources.metrics.store import Store
from resources.metrics.tell import tell
from resources.target import Target


@dataclass(frozen=True)
class Look:
    """What is true now, as far as the monitoring knows."""

    at: float
    level: Level
    conditions: Sequence[Condition]
    """Those that hold, the gravest first."""
    figures: Mapping[str, object]
    """Aggregated over the window."""
    reasons: Mapping[str, str]
    """Why a figure is not known."""
    changed: Sequence[Condition] = ()
    """What people were told of just now."""
    seconds: float = 0.0

    def status(self) -> HealthStatus:
        """The same as a health status: CRITICAL is a problem, WARN a warning."""
        areas = {area: {name: self.figures.get(name) for name in names_of(area)} for area in _AREAS}
        problems: dict[Level, list[Problem]] = {"CRITICAL": [], "WARN": []}
        for one in self.conditions:
            severity = "fail" if one.level == "CRITICAL" else "warn"
            problems[one.level].append(Problem(_area(one.area), one.reason, "", severity, name=one.name))
        return HealthStatus(
            healthy=self.level != "CRITICAL",
            **areas,
            problems=problems["CRITICAL"],
            warnings=problems["WARN"],
            seconds=self.seconds,
            monitoring=self.as_dict(),
        )

    def as_dict(self) -> dict[str, object]:
        return {
            "at": self.at,
            "level": self.level,
            "conditions": [one.as_dict() for one in self.conditions],
            "figures": {name: value for name, value in self.figures.items() if name not in _INNER},
            "unknown": dict(self.reasons),
            "seconds": round(self.seconds, 4),
        }


_AREAS: tuple[Area, ...] = ("database", "application", "system")
_INNER = frozenset({"boot", "pm2_pids", "datadir"})


class Monitor:
    """Looks at one target. `close` ends its connection."""

    def __init__(self, target: Target, store: Store) -> None:
        self.target = target
        self.store = store
        self._collector = Collector(target)

    def look(self) -> Look:
        """Raises OSError and sqlite3.Error where the store cannot be written; nothing for what it sees."""
        begun = time.monotonic()
        policy = self.target.monitoring
        sample = self._collector.collect(self.store.newest())
        self.store.add(sample)
        window = self.store.since(sample.at - policy.window) or [sample]
        figures = aggregate(window)
        problems = find_problems(sample, figures, self.target)
        with self.store.transaction():
            after = advance(self.store.conditions(), problems, _judged(figures, sample), sample.at, policy)
            self.store.replace_conditions(list(after.values()))
        changed = [one for one in after.values() if one.level != one.told]
        for one in changed:
            # Told only then: a process that is killed before leaves it to be told at the next look.
            tell(self.target, one)
            self.store.told(one)
        self.store.prune(sample.at)
        return _look(sample, figures, list(after.values()), changed, time.monotonic() - begun)

    def close(self) -> None:
        self._collector.close()


def _area(name: str) -> Area:
    return "application" if name == "application" else "system" if name == "system" else "database"


def last_look(target: Target, store: Store) -> Look | None:
    """What the newest look found, without looking; None where there was none."""
    sample = store.newest()
    if sample is None:
        return None
    window = store.since(sample.at - target.monitoring.window) or [sample]
    return _look(sample, aggregate(window), list(store.conditions().values()), (), 0.0)


def find_problems(sample: Sample, figures: Mapping[str, object], target: Target) -> list[Problem]:
    found: list[Problem] = []
    if sample.figures.get("reachable") == 0:
        what = sample.texts.get("unreachable", "the server does not answer")
        found.append(Problem("database", what, "reachable with the given login", name="reachable"))
    for area in _AREAS:
        for problem in judge(area, figures, target.limits):
            blocker = f" {sample.texts.get('lock_blocker', '')}" if problem.name == "lock_queue" else ""
            found.append(
                Problem(area, problem.what, problem.threshold, problem.severity, problem.name + blocker)
            )
    return found


def _judged(figures: Mapping[str, object], sample: Sample) -> set[str]:
    """The rules whose figures are known, so that no finding of theirs means all is well."""
    known = {rule.name for rule in RULES if rule.value(figures) is not None} | {"reachable"}
    if sample.raw.get("lock_queue_looked_for"):
        known.add("lock_queue")  # that nobody is seen to wait is known, too
    if sample.figures.get("buffer_pool_reads_per_s") is not None:
        known.add("buffer_pool")
    if sample.figures.get("disk_free_bytes") is not None:
        known.add("disk_share")
    return known


def _look(
    sample: Sample,
    figures: Mapping[str, object],
    conditions: Sequence[Condition],
    changed: Sequence[Condition],
    seconds: float,
) -> Look:
    holding = [one for one in conditions if one.level != "OK"]
    holding.sort(key=lambda one: (one.level != "CRITICAL", one.since))
    return Look(sample.at, worst(holding), holding, figures, sample.reasons, changed, seconds)
