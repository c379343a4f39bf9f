"""Settings of how backups are made and proven, and when."""

from __future__ import annotations

import re
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator
from pydantic_settings import BaseSettings

from resources.setting_types import HomePath

_CRON = re.compile(r"@(?:hourly|daily|weekly|monthly)|[\d*/,\-A-Za-z#]+(?:\s+[\d*/,\-A-Za-z#]+){4}")


class ProofSettings(BaseSettings):
    backup_engine: str = Field(
        "auto",
        alias="BACKUP_ENGINE",
        description="auto (clone where possible, else the best logical tool), clone, mydumper or mysqldump",
    )
    backup_proof: str = Field(
        "auto",
        alias="BACKUP_PROOF",
        description="what is restored to prove a backup: clone (what it was archived from), archive (what "
        "was stored), none; auto: archive for scheduled backups, clone by hand and in a deployment",
        pattern="^(auto|clone|archive|none)$",
    )
    accept_lossy: str = Field(
        "",
        alias="BACKUP_ACCEPT_LOSSY",
        description="tables, comma-separated, whose FLOAT, JSON or INVISIBLE values or DOUBLE of minus zero "
        "mysqldump and mydumper may change; any other loss fails the backup",
    )
    mydumper: HomePath | None = Field(
        None, alias="MYDUMPER", description="mydumper to use; its myloader lies beside it; default: on PATH"
    )
    backup_schedule: str = Field(
        "15 2 * * *", alias="BACKUP_SCHEDULE", description="cron times of the full backup, once switched on"
    )
    proof_schedule: str = Field(
        "15 5 * * *", alias="PROOF_SCHEDULE", description="cron times of the newest backup's proof, likewise"
    )
    incremental_schedule: str = Field(
        "45 * * * *",
        alias="INCREMENTAL_SCHEDULE",
        description="cron times of the incremental backup, likewise",
    )
    retention_schedule: str = Field(
        "45 3 * * *",
        alias="RETENTION_SCHEDULE",
        description="cron times at which old backups are removed, likewise; every backup does so, too",
    )
    schedule_timezone: str = Field(
        "UTC", alias="SCHEDULE_TIMEZONE", description="time zone of all schedules, e.g. Asia/Shanghai"
    )

    @field_validator(
        "backup_schedule", "proof_schedule", "incremental_schedule", "retention_schedule", mode="after"
    )
    @classmethod
    def _cron(cls, given: str) -> str:
        if not _CRON.fullmatch(given.strip()):
            raise ValueError("not cron times; write five fields such as 15 2 * * *")
        return given.strip()

    @field_validator("schedule_timezone", mode="after")
    @classmethod
    def _zone(cls, given: str) -> str:
        try:
            ZoneInfo(given)
        except (OSError, ValueError, KeyError) as error:
            raise ValueError("not a time zone; write a name such as Europe/Berlin") from error
        return given
