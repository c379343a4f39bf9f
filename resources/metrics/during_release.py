"""What the monitoring says of a release that is under way: the critical-error threshold."""

from __future__ import annotations

import sqlite3
import time
from typing import Any

from resources.health.rules import RULES
from resources.health.status import Problem
from resources.metrics.monitor import Look, last_look
from resources.metrics.store import Store, opened_store
from resources.target import Target

_FRESH_INTERVALS = 3
UNDOES = frozenset(rule.name for rule in RULES if rule.undoes) | {"reachable"}


def check_monitoring(target: Target, since: float | None) -> tuple[dict[str, Any], list[Problem]]:
    """What the running monitor knows, and what of it makes a release fail. It looks at nothing itself.

    `since`: Unix time at which the release began to change things; what was critical before is not
    its doing. Without a release (None) nothing fails here: the figures are judged by themselves.
    """
    if not Store.path_of(target).is_file():
        return {"running": False}, []
    try:
        with opened_store(target) as store:
            look = last_look(target, store)
    except (OSError, sqlite3.Error) as error:
        return {"running": False, "error": str(error)}, []
    if look is None or not is_fresh(target, look.at):
        return {"running": False}, []
    facts = {"running": True, "level": look.level, "conditions": [one.as_dict() for one in look.conditions]}
    return facts, [] if since is None else _sustained(target, look, since)


def is_fresh(target: Target, at: float) -> bool:
    """Whether a look from then means that a monitor is running."""
    return 0 <= time.time() - at <= _FRESH_INTERVALS * target.monitoring.interval


def _sustained(target: Target, look: Look, since: float) -> list[Problem]:
    least = target.monitoring.critical_for
    return [
        Problem(
            "application" if one.area == "application" else "database",
            f"critical for {look.at - one.since:.0f} s, since the release began: {one.reason}",
            f"MONITOR_CRITICAL_FOR {least:g} s",
            name=one.name,
        )
        for one in look.conditions
        if one.level == "CRITICAL"
        and one.rule in UNDOES
        and one.since >= since
        and look.at - one.since >= least
    ]
