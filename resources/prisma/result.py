"""What applying migrations gives back."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class MigrationResult:
    success: bool
    migration_id: str | None
    """The newest migration that is applied now; on failure the one that failed."""
    applied_migrations: list[str]
    execution_time: float
    """Seconds."""
    error: str | None = None

    def as_dict(self) -> dict[str, object]:
        return {
            "success": self.success,
            "migration_id": self.migration_id,
            "applied_migrations": list(self.applied_migrations),
            "execution_time": round(self.execution_time, 3),
            "error": self.error,
        }
