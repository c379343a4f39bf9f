"""Settings of the log."""

from __future__ import annotations

from pathlib import Path
from typing import Literal, cast

from pydantic import Field
from pydantic_settings import BaseSettings

from resources.log.place import LogPlace
from resources.setting_types import HomePath


class LogSettings(BaseSettings):
    """Mixed into Settings."""

    log_form: str = Field(
        "text",
        alias="DBSYNC_LOG",
        description="form of the log: text for people, json (one object a line) for programs",
        pattern="^(text|json)$",
    )
    log_file: HomePath | None = Field(
        None, alias="DBSYNC_LOG_FILE", description="the log; default log/dbsync.log in the state folder"
    )
    log_megabytes: float = Field(
        10.0,
        alias="DBSYNC_LOG_MAX_MB",
        description="size at which it is set aside, and a new one begun",
        gt=0,
    )
    log_keep: int = Field(5, alias="DBSYNC_LOG_KEEP", description="logs set aside that are kept", ge=1)


def log_place(settings: LogSettings, state: Path) -> LogPlace:
    return LogPlace(
        path=settings.log_file or state / "log" / "dbsync.log",
        form=cast(Literal["text", "json"], settings.log_form),
        largest=int(settings.log_megabytes * 1_000_000),
        keep=settings.log_keep,
    )
