"""What a validation found, in the contract's words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from resources.validation.compare import Difference
from resources.validation.rules.rule import RuleResult


@dataclass(frozen=True)
class ValidationResult:
    """schema_version: name of the last applied migration, or "empty"."""

    is_valid: bool
    schema_version: str
    inconsistencies: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        return {
            "is_valid": self.is_valid,
            "schema_version": self.schema_version,
            "inconsistencies": self.inconsistencies,
            "warnings": self.warnings,
        }


@dataclass(frozen=True)
class ValidationReport:
    """The result with its evidence. `differences` leaves out those in `accepted`."""

    result: ValidationResult
    schema_problems: list[str]
    rule_problems: list[str]
    differences: Sequence[Difference]
    accepted: Sequence[Difference]
    rule_results: Sequence[RuleResult]
    seconds: dict[str, float]
    """By step: "expected", "actual", "import" (waited for, beside the others), "rules", "total"."""
    html_path: Path | None = None

    def as_dict(self) -> dict[str, Any]:
        return {
            **self.result.as_dict(),
            "differences": [difference.as_dict() for difference in self.differences],
            "accepted_drift": [difference.as_dict() for difference in self.accepted],
            "rules": [rule.as_dict() for rule in self.rule_results],
            "seconds": {name: round(seconds, 3) for name, seconds in self.seconds.items()},
            "html_path": str(self.html_path) if self.html_path else None,
        }
