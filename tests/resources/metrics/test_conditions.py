"""Hysteresis: a condition comes and goes slower than a figure."""

from __future__ import annotations

import pytest

from resources.health.rules import RULES
from resources.health.status import Problem
from resources.metrics.conditions import Condition, advance, worst
from resources.metrics.policy import Monitoring

POLICY = Monitoring(enter=2, leave=3)
LEVELS = {"-": None, "w": "warn", "c": "fail"}


def play(looks: str, known: str | None = None) -> list[tuple[str, str]]:
    """Level and what was told after each look; `known`: whether the rule could be judged then."""
    conditions: dict[str, Condition] = {}
    seen = []
    for number, look in enumerate(looks):
        severity = LEVELS[look]
        problems = [Problem("database", "bad", "good", severity, name="load")] if severity else []
        judged = {"load"} if known is None or known[number] == "y" else set()
        conditions = advance(conditions, problems, judged, float(number), POLICY)
        seen.append(worst(conditions.values()))
        conditions = {name: _told(one) for name, one in conditions.items()}
    return seen


def _told(one: Condition) -> Condition:
    from dataclasses import replace

    return replace(one, told=one.level)


@pytest.mark.parametrize(
    ("looks", "levels"),
    [
        ("ww", "OK WARN"),
        ("w-w-w-", "OK OK OK OK OK OK"),
        ("ww---", "OK WARN WARN WARN OK"),
        ("ww--w---", "OK WARN WARN WARN WARN WARN WARN OK"),
        ("cc", "OK CRITICAL"),
        ("wc", "OK WARN"),
        ("wwcc", "OK WARN WARN CRITICAL"),
        ("ccwww", "OK CRITICAL CRITICAL CRITICAL WARN"),
        ("cc-w-", "OK CRITICAL CRITICAL CRITICAL WARN"),
        ("wwc--c---", "OK WARN WARN WARN WARN WARN WARN WARN OK"),
    ],
)
def test_a_level_is_entered_after_two_looks_and_left_after_three(looks, levels):
    assert play(looks) == levels.split()


def test_what_is_not_known_is_neither_well_nor_worse():
    assert play("ww-----", "yynnnnn")[-1] == "WARN"
    assert play("ww-------", "yynnnnyyy")[-1] == "OK"


def test_a_condition_stays_until_people_know_that_it_is_over():
    before = {"load": Condition("load", "system", "OK", 1.0, "it was bad", told="WARN")}
    assert advance(before, [], {"load"}, 2.0, POLICY) == before


def test_every_rule_has_a_name_of_its_own():
    assert len({rule.name for rule in RULES}) == len(RULES)
