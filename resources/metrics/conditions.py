"""Conditions that come and go slower than the figures: hysteresis, so that nobody is told every minute."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from resources.health.status import Problem
from resources.metrics.policy import Monitoring

Level = Literal["OK", "WARN", "CRITICAL"]
LEVELS: tuple[Level, ...] = ("OK", "WARN", "CRITICAL")


@dataclass(frozen=True)
class Condition:
    name: str
    """The rule, and for a lock queue the blocking session: another blocker is another condition."""
    area: str
    level: Level
    since: float
    """Unix time from which it has this level."""
    reason: str
    """What is, or was last, seen; inert, without secrets."""
    looks: int = 0
    """In a row that saw another level than this one."""
    seen: Level = "OK"
    """The mildest of those levels on the way up, the gravest on the way down."""
    told: Level = "OK"
    """What people were told last."""

    @property
    def rule(self) -> str:
        return self.name.split(" ", 1)[0]

    def as_dict(self) -> dict[str, object]:
        return {
            "name": self.name,
            "area": self.area,
            "level": self.level,
            "since": self.since,
            "reason": self.reason,
            "told": self.told,
        }


def advance(
    before: Mapping[str, Condition],
    problems: Sequence[Problem],
    known: Collection[str],
    at: float,
    policy: Monitoring,
) -> dict[str, Condition]:
    """The conditions after one more look. `known`: rules that could be judged; the others keep their
    level, because not to know is not to be well. Those that are OK, and told so, are left out.
    """
    found = {problem.name: problem for problem in problems}
    after: dict[str, Condition] = {}
    for name in {*before, *found}:
        problem = found.get(name)
        current = before.get(name) or Condition(name, problem.area if problem else "", "OK", at, "")
        if problem is None and current.rule not in known:
            after[name] = current
            continue
        seen: Level = "OK" if problem is None else "CRITICAL" if problem.severity == "fail" else "WARN"
        reason = current.reason if problem is None else str(problem)
        moved = _moved(replace(current, reason=reason), seen, at, policy)
        if not (moved.level == moved.told == "OK" and moved.looks == 0):
            after[name] = moved
    return after


def _moved(current: Condition, seen: Level, at: float, policy: Monitoring) -> Condition:
    now, then = LEVELS.index(seen), LEVELS.index(current.level)
    if now == then:
        return replace(current, looks=0, seen=seen)
    same_way = current.looks > 0 and (now > then) == (LEVELS.index(current.seen) > then)
    looks = current.looks + 1 if same_way else 1
    if same_way:
        pick = min if now > then else max
        seen = LEVELS[pick(now, LEVELS.index(current.seen))]
    if looks >= (policy.enter if now > then else policy.leave):
        return replace(current, level=seen, since=at, looks=0, seen=seen)
    return replace(current, looks=looks, seen=seen)


def worst(conditions: Collection[Condition]) -> Level:
    levels = {one.level for one in conditions}
    return "CRITICAL" if "CRITICAL" in levels else "WARN" if "WARN" in levels else "OK"
