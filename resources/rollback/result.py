"""What a rollback did."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class RollbackResult:
    deployment: str
    outcome: str
    """rolled_back, or failed where nothing had been changed."""
    reason: str
    tables: list[str] = field(default_factory=list)
    """What was put back."""
    removed: list[str] = field(default_factory=list)
    """Tables the deployment had made."""
    rows: int = 0
    seconds: float = 0.0
    lost: Mapping[str, str] = field(default_factory=dict)
    """table → users' rows that left the database with a person's consent."""
    kept_aside: str | None = None
    """Database with the replaced tables, where such rows are."""

    def as_dict(self) -> dict[str, object]:
        return {
            "deployment": self.deployment,
            "outcome": self.outcome,
            "reason": self.reason,
            "tables": list(self.tables),
            "removed": list(self.removed),
            "rows": self.rows,
            "seconds": round(self.seconds, 3),
            "lost": dict(self.lost),
            "kept_aside": self.kept_aside,
        }
