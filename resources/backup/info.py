"""What the contract calls BackupInfo."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class BackupInfo:
    """One stored backup in six fields."""

    id: str
    timestamp: str
    """When it was begun, UTC, ISO 8601."""
    type: str
    """full or incremental."""
    size: int
    """Bytes on disk."""
    schema_version: str
    """Name of the last applied migration, or "empty"."""
    file_path: str
    """The folder it is stored in."""

    def as_dict(self) -> dict[str, object]:
        return asdict(self)
