"""Every setting, its meaning and its default. Nothing else in dbsync reads the environment.

Values come from the environment, then from `.env` in the project's folder (as
Prisma reads it). `docs/settings.md` is generated from this file.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from resources.errors import SettingsError
from resources.mysql.endpoint import parse_database_url
from resources.prisma.find_folder import find_migrations
from resources.redact import redact, remember
from resources.target import Policy, Target

CHECKOUT = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"
_DURATION = re.compile(r"(\d+(?:\.\d+)?)\s*(ms|s|m|h)?")
_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, None: 1.0}


class Settings(BaseSettings):
    """All as strings in the environment; times are seconds, or `500ms`, `30s`, `10m`, `2h`."""

    model_config = SettingsConfigDict(
        extra="ignore",
        env_file_encoding="utf-8",
        populate_by_name=True,
        env_ignore_empty=True,  # a workflow's ${{ vars.X }} is empty where X is not set
    )

    database_url: SecretStr = Field(
        SecretStr(""),
        alias="DATABASE_URL",
        description="mysql://USER:PASSWORD@HOST:PORT/DATABASE, as in Prisma",
    )
    backup_storage_path: Path | None = Field(
        None,
        alias="BACKUP_STORAGE_PATH",
        description="folder for backups, journal and release records; default .dbsync/backups in the project",
    )
    migration_timeout: float = Field(
        1800.0, alias="MIGRATION_TIMEOUT", description="all migrations of one deployment together", gt=0
    )
    rollback_enabled: bool = Field(
        True, alias="ROLLBACK_ENABLED", description="false: a failed deployment is left as it is, and said so"
    )
    notification_webhook: SecretStr | None = Field(
        None, alias="NOTIFICATION_WEBHOOK", description="http(s) address that gets a JSON notice"
    )
    preserve_user_data: bool = Field(
        True,
        alias="ROLLBACK_PRESERVE_USER_DATA",
        description="true: no automatic rollback that would lose rows written since the backup",
    )
    rollback_max_attempts: int = Field(
        3, alias="ROLLBACK_MAX_ATTEMPTS", description="attempts of a rollback", ge=1
    )
    rollback_timeout: float = Field(1800.0, alias="ROLLBACK_TIMEOUT", description="time for a rollback", gt=0)
    lock_wait_timeout: float = Field(
        30.0, alias="LOCK_WAIT_TIMEOUT", description="how long a migration may wait for a table lock", ge=1
    )
    lock_wait_retries: int = Field(
        2,
        alias="LOCK_WAIT_RETRIES",
        description="further attempts when that time ran out before anything ran",
        ge=0,
    )
    backup_engine: str = Field(
        "auto",
        alias="BACKUP_ENGINE",
        description="auto, clone or mysqldump",
        pattern="^(auto|clone|mysqldump)$",
    )
    restore_way: str = Field(
        "auto",
        alias="RESTORE_WAY",
        description="auto: tables are restored as files where the server's data folder can be reached; "
        "rows: never, so that the binary log holds what was restored",
        pattern="^(auto|rows)$",
    )
    prisma_migrations: Path | None = Field(
        None, alias="PRISMA_MIGRATIONS", description="migrations folder; default: found as Prisma finds it"
    )
    data_rules: Path | None = Field(
        None,
        alias="DATA_RULES_PATH",
        description="folder with your own data rules; default data-rules if present",
    )
    health_url: str | None = Field(
        None, alias="HEALTH_URL", description="address of the application's health page", pattern="^https?://"
    )
    accept: str = Field(
        "",
        alias="DBSYNC_ACCEPT",
        description="migrations whose history findings are accepted, comma-separated",
    )
    accept_drift: bool = Field(
        False, alias="DBSYNC_ACCEPT_DRIFT", description="true: deploy although the schema differs beforehand"
    )
    accept_fewer_rows: str = Field(
        "",
        alias="DBSYNC_ACCEPT_FEWER_ROWS",
        description="tables that the pending migrations delete rows from on purpose, comma-separated",
    )
    disposable: bool = Field(
        False, alias="DBSYNC_DISPOSABLE", description="true: `dbsync reset` may empty this database"
    )
    keep_backups: int = Field(
        7, alias="BACKUP_KEEP", description="full backups kept; never below one proven", ge=1
    )
    state: Path | None = Field(
        None, alias="DBSYNC_STATE", description="folder for scratch servers and Dagster; default .dbsync"
    )
    tools: Path | None = Field(
        None, alias="DBSYNC_TOOLS", description="folder of the private MySQL; default .tools of the checkout"
    )
    dagster_home: Path | None = Field(
        None, alias="DAGSTER_HOME", description="Dagster instance; default dagster in the state folder"
    )
    mysqld: Path | None = Field(None, alias="MYSQLD", description="mysqld to use for private servers")

    @field_validator("migration_timeout", "rollback_timeout", "lock_wait_timeout", mode="before")
    @classmethod
    def _duration(cls, given: Any) -> Any:
        if not isinstance(given, str):
            return given
        match = _DURATION.fullmatch(given.strip())
        if not match:
            raise ValueError("not a duration; write 90, 90s, 10m or 2h")
        return float(match[1]) * _UNITS[match[2]]

    @field_validator("database_url", "notification_webhook", mode="after")
    @classmethod
    def _register(cls, secret: SecretStr | None) -> SecretStr | None:
        if secret:
            remember(secret.get_secret_value())
        return secret


def load_settings(project: Path | None = None, **overrides: Any) -> Settings:
    """The settings of the project in `project` (default: the current folder).

    `overrides` are field names, from command-line options. Raises SettingsError
    naming every wrong setting at once, without echoing a secret.
    """
    folder = project or Path.cwd()
    try:
        settings = Settings(_env_file=folder / ".env", **overrides)  # type: ignore[call-arg]
    except ValidationError as error:
        wrong = [(".".join(map(str, item["loc"])), item["msg"]) for item in error.errors()]
        raise SettingsError(
            f"{len(wrong)} setting{'s are' if len(wrong) > 1 else ' is'} wrong",
            where=", ".join(name for name, _ in wrong),
            why=redact("; ".join(f"{name}: {message}" for name, message in wrong)),
            hint="see docs/settings.md",
        ) from None
    _place_folders(settings, folder.resolve())
    return settings


def _place_folders(settings: Settings, project: Path) -> None:
    """Defaults; and relative paths mean the project's folder, from wherever the command is typed."""
    state = project / (settings.state or ".dbsync")
    settings.state = state
    settings.backup_storage_path = project / (settings.backup_storage_path or state / "backups")
    settings.tools = project / (settings.tools or CHECKOUT / ".tools")
    settings.dagster_home = project / (settings.dagster_home or state / "dagster")
    settings.mysqld = project / settings.mysqld if settings.mysqld else None
    settings.prisma_migrations = project / (settings.prisma_migrations or find_migrations(project))
    if settings.data_rules is not None:
        settings.data_rules = project / settings.data_rules
    elif (project / "data-rules").is_dir():
        settings.data_rules = project / "data-rules"


def drop_secrets() -> None:
    """Take secrets out of this process's environment, once they were read: what it starts inherits that."""
    for name, text in list(os.environ.items()):
        if redact(text) != text:
            del os.environ[name]


def target_of(settings: Settings) -> Target:
    """The Target that these settings name. Raises SettingsError when DATABASE_URL is missing or wrong."""
    url = settings.database_url.get_secret_value()
    if not url:
        raise SettingsError(
            "DATABASE_URL is not set",
            where="environment, or .env in the current folder",
            hint="export DATABASE_URL='mysql://USER:PASSWORD@HOST:3306/DATABASE'",
        )
    endpoint, database = parse_database_url(url)
    assert settings.state and settings.backup_storage_path and settings.tools and settings.prisma_migrations
    webhook = settings.notification_webhook
    return Target(
        endpoint=endpoint,
        database=database,
        migrations=settings.prisma_migrations,
        storage=settings.backup_storage_path,
        state=settings.state,
        tools=settings.tools,
        mysqld=settings.mysqld,
        backup_engine=settings.backup_engine,
        restore_way=settings.restore_way,
        data_rules=settings.data_rules,
        health_url=settings.health_url,
        webhook=webhook.get_secret_value() if webhook else None,
        keep_backups=settings.keep_backups,
        policy=Policy(
            migration_timeout=settings.migration_timeout,
            lock_wait_timeout=max(1, int(settings.lock_wait_timeout)),
            lock_wait_retries=settings.lock_wait_retries,
            rollback_enabled=settings.rollback_enabled,
            preserve_user_data=settings.preserve_user_data,
            rollback_max_attempts=settings.rollback_max_attempts,
            rollback_timeout=settings.rollback_timeout,
            accepted=_names(settings.accept),
            accept_fewer_rows=_names(settings.accept_fewer_rows),
            accept_drift=settings.accept_drift,
            disposable=settings.disposable,
        ),
    )


def dagster_home(settings: Settings) -> Path:
    """The folder of the Dagster instance, made ready: telemetry off, killed runs noticed."""
    assert settings.dagster_home
    home = settings.dagster_home
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    config = home / "dagster.yaml"
    if not config.exists():
        config.write_text(
            "telemetry:\n  enabled: false\n"
            "nux:\n  enabled: false\n"  # no dialog that asks for an e-mail address
            # Dagster would start two `tail` a step to copy our output; a killed run leaves them running.
            "compute_logs:\n  module: dagster._core.storage.noop_compute_log_manager\n"
            "  class: NoOpComputeLogManager\n"
            "run_monitoring:\n  enabled: true\n  poll_interval_seconds: 5\n"
            "  free_slots_after_run_end_seconds: 60\n",
            encoding="utf-8",
        )
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
    return home


def _names(listed: str) -> frozenset[str]:
    return frozenset(filter(None, (name.strip() for name in listed.split(","))))
