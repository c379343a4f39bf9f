"""What a data rule is, and what came of one."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

Status = Literal["pass", "warn", "fail", "skip"]


@dataclass
class Frame:
    """The aggregates one rule looks at: a small table, one line per table, key or group.

    notes: what was left out on purpose, and why. unknown: what could not be
    looked at (time bound), so that nothing may be said about it.
    """

    columns: Sequence[str]
    rows: list[tuple[Any, ...]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Suite:
    """Expectations in Great Expectations' own form: {"type", "kwargs", "severity"?}.

    describe: one line of the frame as a sentence, for the lines that do not hold.
    """

    name: str
    title: str
    expectations: Sequence[Mapping[str, Any]]
    describe: Callable[[Mapping[str, Any]], str] | None = None


@dataclass(frozen=True)
class ExpectationOutcome:
    """`unexpected` holds positions in the frame, where the expectation is about single lines."""

    type: str
    kwargs: Mapping[str, Any]
    holds: bool
    severity: Literal["fail", "warn"]
    observed: str
    unexpected: Sequence[int] = ()
    error: str | None = None

    @property
    def expected(self) -> str:
        return ", ".join(f"{key} {text}" for key, text in self.kwargs.items())


@dataclass
class RuleResult:
    """status: the worst of its expectations; "skip" where there was nothing to look at."""

    name: str
    title: str
    status: Status
    problems: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    outcomes: list[ExpectationOutcome] = field(default_factory=list)
    frame: Frame = field(default_factory=lambda: Frame(()))
    seconds: float = 0.0

    def as_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "title": self.title,
            "status": self.status,
            "problems": self.problems,
            "warnings": self.warnings,
            "notes": self.notes,
            "expectations": [asdict(outcome) | {"expected": outcome.expected} for outcome in self.outcomes],
            "seconds": round(self.seconds, 3),
        }
