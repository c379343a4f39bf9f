"""Run the built-in rules and the user's own, one after the other, each within its bounds."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from resources import progress
from resources.errors import SettingsError
from resources.redact import inert
from resources.validation.rules import (
    auto_increment,
    orphans,
    own_suites,
    required_columns,
    row_counts,
    unique_keys,
)
from resources.validation.rules.expectations import run_suite
from resources.validation.rules.rule import ExpectationOutcome, Frame, RuleResult, Suite
from resources.validation.rules.scope import Scope

BUILT_IN = (row_counts, orphans, required_columns, unique_keys, auto_increment)
_SHOWN_PROBLEMS = 20


def run_rules(scope: Scope, own_rules: Path | None) -> list[RuleResult]:
    """The result of every rule. Raises SettingsError for a rule file that is malformed."""
    mine = own_suites.load_own_suites(own_rules)
    found: list[RuleResult] = []
    with progress.step("data rules", total=len(BUILT_IN) + len(mine), unit="rules") as step:
        for rule in BUILT_IN:
            found.append(_run(rule.SUITE, lambda rule=rule: rule.collect(scope)))
            step.advance(1)
        for own in mine:
            found.append(_run(own.suite, lambda own=own: own_suites.collect(own, scope.scan)))
            step.advance(1)
    return found


def _run(suite: Suite, collect: Callable[[], Frame]) -> RuleResult:
    begun = time.monotonic()
    result = RuleResult(suite.name, suite.title, "skip")
    try:
        result.frame = collect()
    except SettingsError as error:
        # The release may be what made the query wrong (a renamed column), so this is a verdict.
        result.status = "fail"
        result.problems.append(f"{inert(suite.name)}: {error.why} ({error.where})")
        result.seconds = time.monotonic() - begun
        return result
    result.notes = list(result.frame.notes)
    result.warnings = list(result.frame.unknown)
    if result.frame.columns and (result.frame.rows or suite.describe is None):
        result.outcomes = run_suite(suite, result.frame)
        # What fails is not said a second time as a warning.
        failing = [o for o in result.outcomes if not o.holds and o.severity == "fail"]
        said = {position for outcome in failing for position in outcome.unexpected}
        for outcome in failing:
            result.problems.extend(_sentences(suite, result.frame, outcome))
        for outcome in result.outcomes:
            if not outcome.holds and outcome.severity == "warn":
                result.warnings.extend(_sentences(suite, result.frame, outcome, without=said))
        result.status = "pass"
    if result.warnings:
        result.status = "warn"
    if result.problems:
        result.status = "fail"
    result.seconds = time.monotonic() - begun
    return result


def _sentences(
    suite: Suite, frame: Frame, outcome: ExpectationOutcome, without: set[int] | None = None
) -> list[str]:
    if suite.describe is None or outcome.error:
        name = outcome.type.removeprefix("expect_").replace("_", " ")
        return [inert(f"{suite.name}: {name} ({outcome.expected}): {outcome.observed}")]
    positions = [position for position in outcome.unexpected if position not in (without or set())]
    said = [inert(suite.describe(dict(zip(frame.columns, frame.rows[p], strict=True)))) for p in positions]
    if len(said) > _SHOWN_PROBLEMS:
        said = [*said[:_SHOWN_PROBLEMS], f"{suite.name}: and {len(said) - _SHOWN_PROBLEMS} more"]
    return said
