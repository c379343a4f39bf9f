"""The critical-error threshold: what the monitor has seen since a release began can take it back."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest

from resources.health.health import check_health
from resources.metrics.conditions import Condition
from resources.metrics.policy import Monitoring
from resources.metrics.sample import Sample
from resources.metrics.store import opened_store

NOW = 1_000.0
POLICY = Monitoring(interval=15, critical_for=30)


def seen(target, since: float, name: str = "application_errors", level: str = "CRITICAL", age: float = 1.0):
    with opened_store(target) as store:
        store.add(Sample(time.time() - age))
        condition = Condition(name, "application", level, since, "60% of the answers were bad")  # type: ignore[arg-type]
        store.replace_conditions([condition])


def test_what_became_critical_during_the_release_and_stays_so_fails_it(target):
    target = replace(target, monitoring=POLICY)
    seen(target, since=time.time() - 40)
    status = check_health(target, since=time.time() - 60)
    assert not status.healthy
    assert [one.name for one in status.problems] == ["application_errors"]
    assert "since the release began: 60% of the answers were bad" in status.problems[0].what
    assert status.monitoring["level"] == "CRITICAL"


@pytest.mark.parametrize(
    "case",
    [
        {"since": 90},  # before the release
        {"since": 10},  # not for long enough
        {"since": 40, "name": "lock_queue 7"},  # putting the database back would not end it
        {"since": 40, "level": "WARN"},
        {"since": 40, "age": 300},  # no monitor runs
    ],
)
def test_nothing_else_that_the_monitor_knows_fails_it(target, case):
    target = replace(target, monitoring=POLICY)
    seen(target, **case | {"since": time.time() - case["since"]})
    assert check_health(target, since=time.time() - 60).healthy


def test_without_a_release_or_a_monitor_health_is_as_before(target):
    assert check_health(target).monitoring == {"running": False}
    target = replace(target, monitoring=POLICY)
    seen(target, since=time.time() - 40)
    assert check_health(target).healthy, "the figures themselves are judged"
