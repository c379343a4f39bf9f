"""What applying migrations gives back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class MigrationResult:
    success: bool
    migration_id: str | None
    """The newest migration that is applied now; on failure the one that failed."""
    applied_migrations: list[str]
    execution_time: float
    """Seconds."""
    error: str | None = None
    statement_seconds: Mapping[str, Sequence[float]] = field(default_factory=dict)
    """Of each migration that was applied: how long its statements took, in the server's order."""

    def as_dict(self) -> dict[str, object]:
        return {
            "success": self.success,
            "migration_id": self.migration_id,
            "applied_migrations": list(self.applied_migrations),
            "execution_time": round(self.execution_time, 3),
            "error": self.error,
        }
