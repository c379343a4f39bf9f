"""What one deployment works on: a database, its migrations, a storage, a policy.

Every function below the settings takes a Target (or a part of it), so that one
database today can be a thousand partitions tomorrow.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from resources.app.app import App
from resources.backup.remote.location import RemoteLocation
from resources.health.thresholds import APPLICATION_SECONDS
from resources.log.place import LogPlace
from resources.metrics.policy import Monitoring
from resources.mysql.endpoint import Endpoint
from resources.notify.plan import Notify
from resources.release_source.source import Source


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
class Keep:
    """Which backups retention keeps; 0 switches a calendar rule off."""

    last: int = 7
    """Good full backups, whatever their age."""
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    """So many days, ISO weeks and months (UTC) have their newest good full backup kept."""
    min_proven: int = 1
    """Proven full backups below whose number nothing goes."""


@dataclass(frozen=True)
class Target:
    endpoint: Endpoint
    database: str
    migrations: Path
    """Prisma's migrations folder."""
    storage: Path
    """BACKUP_STORAGE_PATH where that is a folder: backups, catalog, journal, release records."""
    state: Path
    """Scratch of this project: private servers, caches, DAGSTER_HOME. May be deleted when idle."""
    tools: Path
    """Where a private MySQL is unpacked."""
    mysqld: Path | None = None
    """$MYSQLD: the mysqld to use instead of what is found."""
    backup_engine: str = "auto"
    """auto | clone | mydumper | mysqldump."""
    backup_proof: str = "auto"
    """auto | clone | archive | none."""
    accept_lossy: frozenset[str] = field(default_factory=frozenset)
    """Tables whose FLOAT, JSON and INVISIBLE values a person lets a logical backup change."""
    mydumper: Path | None = None
    """$MYDUMPER: the mydumper to use instead of one on PATH; its myloader lies beside it."""
    restore_way: str = "auto"
    """auto | rows: whether a restore may bring whole files, which no binary log holds."""
    data_rules: Path | None = None
    """Folder with the user's own Great Expectations suites (JSON)."""
    schema_file: Path | None = None
    """Prisma's schema, a file or a folder, where `validate` is to compare the database with that too."""
    health_url: str | None = None
    health_expect: str | None = None
    """What the page must say: a text, or `$.path=value`; {commit} stands for the commit."""
    health_timeout: float = APPLICATION_SECONDS
    """Seconds in which a health check must see it answer well."""
    health_good_answers: int = 3
    app: App | None = None
    """The application that is released with the database."""
    remote: RemoteLocation | None = None
    """The bucket that backups are uploaded to; `storage` is then the folder they are made in."""
    keep_local: int = 1
    """Full backups that stay in `storage` once they are in the bucket."""
    age_recipients: tuple[str, ...] = ()
    """Whom stored files are encrypted for; none: they are not."""
    age_identity: Path | None = None
    """Key file that opens encrypted backups."""
    keep: Keep = field(default_factory=Keep)
    backup_max_age: float = 26 * 3600.0
    """Seconds after which the newest proven backup is too old."""
    webhook: str | None = field(default=None, repr=False)
    """NOTIFICATION_WEBHOOK: the channel `webhook`, beside those of `notify`."""
    notify: Notify = field(default_factory=Notify)
    log: LogPlace | None = None
    """None: no log is written."""
    limits: Mapping[str, tuple[float | None, float | None]] = field(default_factory=dict)
    """Rule of resources/health/rules.py → (warn, fail) in place of its own limits."""
    monitoring: Monitoring = field(default_factory=Monitoring)
    source: Source | None = None
    """The branch whose commits are deployed by themselves."""
    keep_runs: float = 90 * 86400.0
    """Seconds after which a run that ended is removed from Dagster's storage."""
    policy: Policy = field(default_factory=Policy)

    @property
    def name(self) -> str:
        """What a person types to confirm destructive commands."""
        return f"{self.database}@{self.endpoint.host}:{self.endpoint.port}"
