"""Every setting, its meaning and its default. Nothing else in dbsync reads the environment.

Values come from the environment, then from `.env` in the project's folder, then from the one
beside the Prisma schema (as Prisma reads them). `docs/settings.md` is generated from this file.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from dotenv import dotenv_values
from pydantic import Field, PrivateAttr, SecretStr, ValidationError, field_validator
from pydantic_settings import SettingsConfigDict

from resources.comma_separated import listed
from resources.dagster_instance import write_instance
from resources.errors import SettingsError
from resources.log.place import LogPlace
from resources.mysql.endpoint import parse_database_url
from resources.prisma.find_folder import find_migrations
from resources.prisma.find_url import DEFAULT as URL
from resources.prisma.find_url import env_files, url_variable
from resources.private_folder import make_private_folder
from resources.setting_types import Duration, HomePath, Secret, at_home
from resources.settings_app import AppSettings, app_of
from resources.settings_git import GitSettings, source_of
from resources.settings_log import LogSettings, log_place
from resources.settings_monitor import MonitorSettings, monitoring_of, parse_limits
from resources.settings_notify import NotifySettings, notify_of
from resources.settings_proof import ProofSettings
from resources.settings_remote import RemoteSettings, is_bucket, recipients_of, remote_of
from resources.settings_work import WorkSettings, without_runner
from resources.target import Keep, Policy, Target
from resources.wrong_setting import WrongSetting, settings_error, wrong_file, wrong_value

CHECKOUT = Path(__file__).resolve().parent.parent
VERSION = "0.1.0"
ENGINES = ("auto", "clone", "mydumper", "mysqldump")


class Settings(
    ProofSettings,
    RemoteSettings,
    NotifySettings,
    GitSettings,
    LogSettings,
    MonitorSettings,
    AppSettings,
    WorkSettings,
):
    """All as strings in the environment; times are seconds, or `500ms`, `30s`, `10m`, `2h`, `7d`."""

    model_config = SettingsConfigDict(
        extra="ignore",
        env_file_encoding="utf-8",
        case_sensitive=True,
        env_ignore_empty=True,  # a workflow's ${{ vars.X }} is empty where X is not set
        # Not populate_by_name: the application's own variables STATE or DISPOSABLE would be settings then.
    )

    database_url: Secret = Field(
        SecretStr(""),
        alias="DATABASE_URL",
        description="mysql://USER:PASSWORD@HOST:PORT/DATABASE, as in Prisma",
    )
    backup_storage_path: Path | str | None = Field(
        None,
        alias="BACKUP_STORAGE_PATH",
        description="folder for backups, journal and release records, default .dbsync/backups in the "
        "project; or s3://BUCKET/PREFIX for the backups, the rest then stays in that default folder",
    )
    migration_timeout: Duration = Field(
        1800.0, alias="MIGRATION_TIMEOUT", description="all migrations of one deployment together", gt=0
    )
    rollback_enabled: bool = Field(
        True, alias="ROLLBACK_ENABLED", description="false: a failed deployment is left as it is, and said so"
    )
    notification_webhook: Secret | None = Field(
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
    rollback_timeout: Duration = Field(
        1800.0, alias="ROLLBACK_TIMEOUT", description="time for a rollback", gt=0
    )
    lock_wait_timeout: Duration = Field(
        30.0, alias="LOCK_WAIT_TIMEOUT", description="how long a migration may wait for a table lock", ge=1
    )
    lock_wait_retries: int = Field(
        2,
        alias="LOCK_WAIT_RETRIES",
        description="further attempts when that time ran out before anything ran",
        ge=0,
    )
    restore_way: str = Field(
        "auto",
        alias="RESTORE_WAY",
        description="auto: tables are restored as files where the server's data folder can be reached; "
        "rows: never, so that the binary log holds what was restored",
        pattern="^(auto|rows)$",
    )
    prisma_migrations: HomePath | None = Field(
        None, alias="PRISMA_MIGRATIONS", description="migrations folder; default: found as Prisma finds it"
    )
    data_rules: HomePath | None = Field(
        None,
        alias="DATA_RULES_PATH",
        description="folder with your own data rules; default data-rules if present",
    )
    health_url: str | None = Field(
        None, alias="HEALTH_URL", description="address of the application's health page"
    )
    accept: str = Field(
        "",
        alias="DBSYNC_ACCEPT",
        description="migrations whose history findings are accepted, comma-separated",
    )
    accept_drift: bool = Field(
        False,
        alias="DBSYNC_ACCEPT_DRIFT",
        description="true: deploy although the schema differs beforehand, or its migrations do not replay",
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
        7, alias="BACKUP_KEEP", description="newest good full backups kept, each with its increments", ge=1
    )
    keep_daily: int = Field(
        0, alias="BACKUP_KEEP_DAILY", description="days (UTC) whose newest good full backup is kept", ge=0
    )
    keep_weekly: int = Field(
        0, alias="BACKUP_KEEP_WEEKLY", description="ISO weeks whose newest good full backup is kept", ge=0
    )
    keep_monthly: int = Field(
        0, alias="BACKUP_KEEP_MONTHLY", description="months whose newest good full backup is kept", ge=0
    )
    min_proven: int = Field(
        1, alias="BACKUP_MIN_PROVEN", description="proven full backups below which nothing is removed", ge=1
    )
    backup_max_age: Duration = Field(
        26 * 3600.0,
        alias="BACKUP_MAX_AGE",
        description="age at which the newest proven full backup is called too old; 26 h by default",
        gt=0,
    )
    state: HomePath | None = Field(
        None, alias="DBSYNC_STATE", description="folder for scratch servers and Dagster; default .dbsync"
    )
    tools: HomePath | None = Field(
        None, alias="DBSYNC_TOOLS", description="folder of the private MySQL; default .tools of the checkout"
    )
    dagster_home: HomePath | None = Field(
        None, alias="DAGSTER_HOME", description="Dagster instance; default dagster in the state folder"
    )
    mysqld: HomePath | None = Field(None, alias="MYSQLD", description="mysqld to use for private servers")

    _file: Path = PrivateAttr(Path(".env"))
    _project: Path = PrivateAttr(Path())
    _migrations_given: Path | None = PrivateAttr(None)

    @field_validator("backup_engine")
    @classmethod
    def _known_engine(cls, given: str) -> str:
        if given not in ENGINES:
            raise ValueError(f"not one of {', '.join(ENGINES)}")
        return given

    @field_validator("health_url")
    @classmethod
    def _web_address(cls, given: str | None) -> str | None:
        if given is not None and not given.startswith(("http://", "https://")):
            raise ValueError("it must begin with http:// or https://")
        return given

    @field_validator("backup_storage_path")
    @classmethod
    def _folder_or_bucket(cls, given: Path | str | None) -> Path | str | None:
        return given if given is None or is_bucket(given) else at_home(Path(given))


SECRET_NAMES = frozenset(
    str(field.alias) for field in Settings.model_fields.values() if "SecretStr" in str(field.annotation)
)
_FIELDS = {str(field.alias): field for field in Settings.model_fields.values()}
_taken: dict[str, str] = {}
"""Secrets that this process has read and taken out of its environment."""
_other_names: dict[str, str] = {}
"""Variables that a Prisma schema reads the address from, and the setting they stand for."""


def load_settings(project: Path | None = None, **overrides: Any) -> Settings:
    """The settings of the project in `project` (default: the current folder).

    `overrides` are field names, from command-line options. Raises SettingsError
    naming every wrong setting at once, without echoing a secret.
    """
    settings, wrong = read_settings(project, **overrides)
    if wrong:
        raise settings_error(wrong, settings._file)
    return settings


def read_settings(project: Path | None = None, **overrides: Any) -> tuple[Settings, list[WrongSetting]]:
    """As `load_settings`, but the settings that are wrong are listed, and have their defaults."""
    folder = project or Path.cwd()
    file = folder / ".env"
    given = {name: text for name, text in _taken.items() if name not in os.environ}
    given |= {str(Settings.model_fields[field].alias): value for field, value in overrides.items()}
    # Prisma reads the one beside its schema too. Of two the last one counts.
    files = [*(one for one in env_files(folder) if one != file), file]
    wrong = [fault for one in files for fault in wrong_file(one)]
    read_from = [] if wrong else files
    given = _url_of_another_name(folder, read_from) | given
    settings, invalid = _validated(read_from, given)
    if settings is None:
        defaults = {one.name: _FIELDS[one.name].default for one in invalid}
        settings, _ = _validated(read_from, given | defaults)
    assert settings
    settings._file = file
    _place_folders(settings, folder.resolve())
    return settings, [*wrong, *invalid]


def _url_of_another_name(project: Path, files: list[Path]) -> dict[str, str]:
    """DATABASE_URL from the variable that the Prisma schema names instead; {} where it is set itself."""
    if URL in os.environ or URL in _taken:
        return {}
    written: dict[str, str | None] = {}
    for file in files:
        written |= dotenv_values(file)
    if written.get(URL) or (name := url_variable(project)) == URL:
        return {}
    _other_names[name] = URL
    found = os.environ.get(name) or written.get(name)
    return {URL: found} if found else {}


def _validated(files: list[Path], given: dict[str, Any]) -> tuple[Settings | None, list[WrongSetting]]:
    # Returns where others would raise: the ValidationError holds what was typed, a password perhaps,
    # and would stay the `__context__` of whatever is raised from here.
    try:
        return Settings(_env_file=files, **given), []  # type: ignore[call-arg]
    except ValidationError as error:
        found = [(str(item["loc"][0]), item["input"], item["msg"]) for item in error.errors()]
        return None, [wrong_value(*one, secret=one[0] in SECRET_NAMES) for one in found]


def _place_folders(settings: Settings, project: Path) -> None:
    """Defaults; and relative paths mean the project's folder, from wherever the command is typed."""
    settings._project = project
    state = project / (settings.state or ".dbsync")
    settings.state = state
    storage = settings.backup_storage_path
    settings.backup_storage_path = (
        str(storage) if is_bucket(storage) else project / (storage or state / "backups")
    )
    settings.tools = project / (settings.tools or CHECKOUT / ".tools")
    settings.dagster_home = project / (settings.dagster_home or state / "dagster")
    settings.age_identity = project / settings.age_identity if settings.age_identity else None
    settings.mysqld = project / settings.mysqld if settings.mysqld else None
    settings.mydumper = project / settings.mydumper if settings.mydumper else None
    settings.log_file = project / settings.log_file if settings.log_file else None
    if settings.monitor_textfile is not None:
        settings.monitor_textfile = project / settings.monitor_textfile
    settings._migrations_given = settings.prisma_migrations
    settings.prisma_migrations = project / (settings.prisma_migrations or find_migrations(project))
    if settings.data_rules is not None:
        settings.data_rules = project / settings.data_rules
    elif (project / "data-rules").is_dir():
        settings.data_rules = project / "data-rules"


def drop_secrets() -> None:
    """Take the secret settings out of this process's environment, once they were read.

    Programs that it starts get none anyway (`child_environment`); libraries may start some too.
    """
    for name in (SECRET_NAMES | _other_names.keys()) & os.environ.keys():
        if text := os.environ.pop(name):
            _taken[_other_names.get(name, name)] = text


def handed_on() -> dict[str, str]:
    """The environment of another dbsync that goes on for this one; with the secrets that were taken out."""
    return without_runner(dict(os.environ) | _taken)


def forget_environment() -> None:
    """Take every setting but those of the machine (MYSQLD, DBSYNC_TOOLS) out of the environment.

    For the demo: what it plays must not reach the database, or the people, that the variables name.
    """
    for name in (_FIELDS.keys() - {"MYSQLD", "DBSYNC_TOOLS"}) & os.environ.keys():
        del os.environ[name]


def target_of(settings: Settings) -> Target:
    """The Target that these settings name. Raises SettingsError when DATABASE_URL is missing or wrong."""
    url = settings.database_url.get_secret_value()
    if not url:
        raise SettingsError(
            "DATABASE_URL is not set",
            where=f"environment, or {settings._file}",
            hint="export DATABASE_URL='mysql://USER:PASSWORD@HOST:3306/DATABASE'",
        )
    endpoint, database = parse_database_url(url)
    assert settings.state and settings.backup_storage_path and settings.tools and settings.prisma_migrations
    webhook = settings.notification_webhook
    remote = remote_of(settings, str(settings.backup_storage_path))
    return Target(
        endpoint=endpoint,
        database=database,
        migrations=settings.prisma_migrations,
        storage=storage_of(settings),
        state=settings.state,
        tools=settings.tools,
        mysqld=settings.mysqld,
        backup_engine=settings.backup_engine,
        backup_proof=settings.backup_proof,
        accept_lossy=frozenset(listed(settings.accept_lossy)),
        mydumper=settings.mydumper,
        restore_way=settings.restore_way,
        data_rules=settings.data_rules,
        health_url=settings.health_url,
        keep_runs=settings.keep_runs,
        source=source_of(settings, settings._project, settings._migrations_given),
        health_expect=settings.health_expect,
        health_timeout=settings.health_timeout,
        health_good_answers=settings.health_good_answers,
        app=app_of(settings, settings._project),
        webhook=webhook.get_secret_value() if webhook else None,
        notify=notify_of(settings, webhook is not None),
        remote=remote,
        keep_local=settings.keep_local,
        age_recipients=recipients_of(settings),
        age_identity=settings.age_identity,
        keep=Keep(
            last=settings.keep_backups,
            daily=settings.keep_daily,
            weekly=settings.keep_weekly,
            monthly=settings.keep_monthly,
            min_proven=settings.min_proven,
        ),
        backup_max_age=settings.backup_max_age,
        log=log_of(settings),
        limits=parse_limits(settings.monitor_limits),
        monitoring=monitoring_of(settings),
        policy=Policy(
            migration_timeout=settings.migration_timeout,
            lock_wait_timeout=max(1, int(settings.lock_wait_timeout)),
            lock_wait_retries=settings.lock_wait_retries,
            rollback_enabled=settings.rollback_enabled,
            preserve_user_data=settings.preserve_user_data,
            rollback_max_attempts=settings.rollback_max_attempts,
            rollback_timeout=settings.rollback_timeout,
            accepted=frozenset(listed(settings.accept)),
            accept_fewer_rows=frozenset(listed(settings.accept_fewer_rows)),
            accept_drift=settings.accept_drift,
            disposable=settings.disposable,
        ),
    )


def storage_of(settings: Settings) -> Path:
    """The folder for backups, journal and reports; where backups go into a bucket, the one beside it."""
    given = settings.backup_storage_path
    assert settings.state and given
    return settings.state / "backups" if is_bucket(given) else Path(given)


def log_of(settings: Settings) -> LogPlace:
    """For whoever only reads it: no DATABASE_URL is needed."""
    assert settings.state
    return log_place(settings, settings.state)


def dagster_home(settings: Settings) -> Path:
    """The folder of the Dagster instance, made ready: `dagster_instance.py`.

    Raises EnvironmentCheckError where it cannot be made or written into.
    """
    assert settings.dagster_home
    home = settings.dagster_home
    make_private_folder(home, "DAGSTER_HOME")
    write_instance(home, settings.max_runtime)
    os.environ["DAGSTER_HOME"] = str(home)
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "yes"
    return home
