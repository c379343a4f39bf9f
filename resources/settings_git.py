"""The settings of what starts releases by itself: the branch that is watched, and who may push to it."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from resources.comma_separated import listed
from resources.errors import GitError, SettingsError
from resources.git.access import Access
from resources.git.names import protocol_of, require_branch, require_inside
from resources.release_source.source import Source
from resources.setting_types import Duration, HomePath, Secret

_MEBIBYTE = 2**20
_OWNER = re.compile(r"team:[^\s,]+|[A-Za-z0-9_][A-Za-z0-9._%+-]*@[A-Za-z0-9.-]+\.[A-Za-z]{2,7}")


class GitSettings(BaseSettings):
    """Mixed into Settings."""

    git_repository: str | None = Field(
        None,
        alias="GIT_REPOSITORY",
        description="repository whose branch is deployed by the sensor `git_migrations`: https://…, "
        "git@HOST:OWNER/NAME.git, or the folder of a clone; unset: nothing is deployed by itself",
    )
    git_branch: str = Field("main", alias="GIT_BRANCH", description="branch that is watched")
    git_project_path: str = Field(
        "",
        alias="GIT_PROJECT_PATH",
        description="folder of the application in that repository; default: its root",
    )
    git_token: Secret | None = Field(
        None, alias="GIT_TOKEN", description="password for a repository read over https"
    )
    git_ssh_key: HomePath | None = Field(
        None,
        alias="GIT_SSH_KEY",
        description="private key for a repository read over ssh; default: as ssh finds it",
    )
    git_known_hosts: HomePath | None = Field(
        None,
        alias="GIT_KNOWN_HOSTS",
        description="file with the key that the ssh host must have, as `ssh-keyscan HOST` prints it "
        "(compare it by hand once); default: the hosts that ssh knows",
    )
    git_ca_file: HomePath | None = Field(
        None,
        alias="GIT_CA_FILE",
        description="PEM file of the authority that signed the certificate of a git server of your own; "
        "default: the authorities that the system trusts",
    )
    git_max_size: int = Field(
        4096, alias="GIT_MAX_SIZE", description="MiB that the mirror of the repository may take", ge=1
    )
    git_allowed_authors: str = Field(
        "",
        alias="GIT_ALLOWED_AUTHORS",
        description="e-mail addresses, comma-separated: migrations by others are not deployed; anybody can "
        "write any address into a commit, so it proves nothing without GIT_REQUIRE_SIGNED",
    )
    git_require_signed: bool = Field(
        False, alias="GIT_REQUIRE_SIGNED", description="true: only commits with a good signature are deployed"
    )
    git_allowed_signers: HomePath | None = Field(
        None,
        alias="GIT_ALLOWED_SIGNERS",
        description="file of SSH keys that may sign, as ssh-keygen reads it",
    )
    git_gpg_home: HomePath | None = Field(
        None, alias="GIT_GPG_HOME", description="GnuPG folder whose keys may sign, all of them"
    )
    git_ci_status_url: str | None = Field(
        None,
        alias="GIT_CI_STATUS_URL",
        description="address with {commit} in it that is asked whether the commit's tests passed, e.g. "
        "https://api.github.com/repos/OWNER/NAME/commits/{commit}/check-runs; unset: nothing is waited for",
    )
    git_ci_token: Secret | None = Field(
        None, alias="GIT_CI_TOKEN", description="sent there as `Authorization: Bearer`"
    )
    git_sensor_interval: Duration = Field(
        30.0, alias="GIT_SENSOR_INTERVAL", description="how often the branch is looked at", ge=1
    )
    reconcile_interval: Duration = Field(
        15.0, alias="RECONCILE_INTERVAL", description="how often killed deployments are looked for", ge=1
    )
    drift_interval: Duration = Field(
        3600.0, alias="DRIFT_INTERVAL", description="how often the live schema is compared", ge=1
    )
    sensors: str = Field(
        "none",
        alias="DBSYNC_SENSORS",
        description="sensors and schedules that are on without a click in the UI: all, none, or names, "
        "comma-separated",
    )
    max_runtime: Duration = Field(
        24 * 3600.0,
        alias="DBSYNC_MAX_RUNTIME",
        description="time after which Dagster ends any run; 24 h by default",
        gt=0,
    )

    keep_runs: Duration = Field(
        90 * 86400.0,
        alias="DBSYNC_KEEP_RUNS",
        description="age at which the retention job removes runs from Dagster's storage; 90 d by default",
        gt=0,
    )

    owner: str = Field(
        "team:database",
        alias="DBSYNC_OWNER",
        description="whose the assets are, as the UI shows it: `team:NAME` or an e-mail address; several, "
        "comma-separated",
    )

    @field_validator("owner", mode="after")
    @classmethod
    def _owners(cls, given: str) -> str:
        if not listed(given) or not all(_OWNER.fullmatch(one) for one in listed(given)):
            raise ValueError("write team:NAME or an e-mail address")
        return given

    @field_validator("git_branch", mode="after")
    @classmethod
    def _branch(cls, given: str) -> str:
        try:
            return require_branch(given)
        except GitError as error:
            raise ValueError(f"{error.what}: {error.why}") from None

    @field_validator("git_project_path", mode="after")
    @classmethod
    def _inside(cls, given: str) -> str:
        try:
            return require_inside(given)
        except GitError as error:
            raise ValueError(f"{error.what}: {error.why}") from None

    @field_validator("git_repository", mode="after")
    @classmethod
    def _repository(cls, given: str | None) -> str | None:
        if given is None:
            return None
        try:
            protocol_of(given)
        except GitError as error:
            raise ValueError(": ".join(filter(None, (error.what, error.why)))) from None
        return given

    @field_validator("git_ci_status_url", mode="after")
    @classmethod
    def _with_commit(cls, given: str | None) -> str | None:
        if given is not None and ("{commit}" not in given or not re.match("https?://", given)):
            raise ValueError("write http(s)://…{commit}…")
        return given


def source_of(settings: GitSettings, project: Path, migrations: Path | None) -> Source | None:
    """What is watched; None where GIT_REPOSITORY is not set. `migrations`: PRISMA_MIGRATIONS as given.

    Raises SettingsError for settings that contradict each other.
    """
    if settings.git_repository is None:
        return None
    if settings.git_require_signed and not (settings.git_allowed_signers or settings.git_gpg_home):
        raise SettingsError(
            "GIT_REQUIRE_SIGNED is set, but not who may sign",
            hint="GIT_ALLOWED_SIGNERS=FILE (SSH keys) or GIT_GPG_HOME=FOLDER (GnuPG keys)",
        )
    repository = settings.git_repository
    if protocol_of(repository) == "file" and "://" not in repository:
        repository = str(project / Path(repository).expanduser())
    token, ci = settings.git_token, settings.git_ci_token
    return Source(
        access=Access(
            repository,
            token=token.get_secret_value() if token else None,
            ssh_key=project / settings.git_ssh_key if settings.git_ssh_key else None,
            known_hosts=project / settings.git_known_hosts if settings.git_known_hosts else None,
            ca_file=project / settings.git_ca_file if settings.git_ca_file else None,
            max_size=settings.git_max_size * _MEBIBYTE,
        ),
        branch=settings.git_branch,
        project_path=settings.git_project_path,
        migrations=_relative(migrations, project),
        authors=frozenset(listed(settings.git_allowed_authors.lower())),
        require_signed=settings.git_require_signed,
        allowed_signers=settings.git_allowed_signers and project / settings.git_allowed_signers,
        gpg_home=settings.git_gpg_home and project / settings.git_gpg_home,
        ci_url=settings.git_ci_status_url,
        ci_token=ci.get_secret_value() if ci else None,
    )


def is_on(settings: GitSettings, name: str) -> bool:
    """Whether DBSYNC_SENSORS switches the sensor or schedule `name` on."""
    on = listed(settings.sensors)
    return "all" in on or name in on


def _relative(migrations: Path | None, project: Path) -> str | None:
    if migrations is None:
        return None
    if not migrations.is_absolute():
        return require_inside(str(migrations))
    try:
        return str(migrations.relative_to(project))
    except ValueError:
        return None  # of this machine only; in the repository it is found as Prisma finds it
