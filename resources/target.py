"""What one deployment works on: a database, its migrations, a storage, a policy.

Every function below the settings takes a Target (or a part of it), so that one
database today can be a thousand partitions tomorrow.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from resources.mysql.endpoint import Endpoint


@dataclass(frozen=True)
class Policy:
    """How far dbsync may go. Times in seconds."""

    migration_timeout: float = 1800.0
    lock_wait_timeout: int = 30
    """`lock_wait_timeout` of the migration session; MySQL's default is a year."""
    lock_wait_retries: int = 2
    """Further attempts after a lock wait timed out before anything was executed."""
    rollback_enabled: bool = True
    preserve_user_data: bool = True
    rollback_max_attempts: int = 3
    rollback_timeout: float = 1800.0
    accepted: frozenset[str] = field(default_factory=frozenset)
    """Migration names whose history findings a person accepted by hand (`--accept`)."""
    accept_drift: bool = False
    accept_fewer_rows: frozenset[str] = field(default_factory=frozenset)
    """Tables that a person said the pending migrations delete rows from on purpose."""
    disposable: bool = False
    """DBSYNC_DISPOSABLE: `reset` may destroy this database."""
    connect_retries: int = 3


@dataclass(frozen=True)
class Target:
    endpoint: Endpoint
    database: str
    migrations: Path
    """Prisma's migrations folder."""
    storage: Path
    """BACKUP_STORAGE_PATH: backups, catalog, journal, release records."""
    state: Path
    """Scratch of this project: private servers, caches, DAGSTER_HOME. May be deleted when idle."""
    tools: Path
    """Where a private MySQL is unpacked."""
    mysqld: Path | None = None
    """$MYSQLD: the mysqld to use instead of what is found."""
    backup_engine: str = "auto"
    """auto | clone | mysqldump."""
    restore_way: str = "auto"
    """auto | rows: whether a restore may bring whole files, which no binary log holds."""
    data_rules: Path | None = None
    """Folder with the user's own Great Expectations suites (JSON)."""
    health_url: str | None = None
    keep_backups: int = 7
    webhook: str | None = field(default=None, repr=False)
    policy: Policy = field(default_factory=Policy)

    @property
    def name(self) -> str:
        """What a person types to confirm destructive commands."""
        return f"{self.database}@{self.endpoint.host}:{self.endpoint.port}"
