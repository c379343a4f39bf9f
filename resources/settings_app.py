"""The settings of the application's own release, and of the question whether it is well."""

from __future__ import annotations

from pathlib import Path
from typing import cast

from pydantic import Field
from pydantic_settings import BaseSettings

from resources.app.app import App, Order
from resources.comma_separated import listed
from resources.errors import SettingsError
from resources.health.thresholds import APPLICATION_SECONDS
from resources.setting_types import Duration, HomePath


class AppSettings(BaseSettings):
    """Mixed into Settings. Without APP_FOLDER only the database is released."""

    health_expect: str | None = Field(
        None,
        alias="HEALTH_EXPECT",
        description="text that the health page must have in it, or a JSON path and its value such as "
        "$.commit={commit}; {commit} stands for the commit that is released",
    )
    health_timeout: Duration = Field(
        APPLICATION_SECONDS,
        alias="HEALTH_TIMEOUT",
        description="time in which the application must answer well in a health check",
        gt=0,
    )
    health_good_answers: int = Field(
        3, alias="HEALTH_GOOD_ANSWERS", description="good answers in a row that call it well", ge=1
    )
    app_folder: HomePath | None = Field(
        None,
        alias="APP_FOLDER",
        description="folder on this host that holds the application's releases; unset: no application is "
        "released",
    )
    app_pm2_name: str = Field(
        "",
        alias="APP_PM2_NAME",
        description="name of the application in PM2; several comma-separated",
    )
    app_ecosystem: str = Field(
        "ecosystem.config.js", alias="APP_ECOSYSTEM", description="PM2's file in the project"
    )
    app_install: str = Field(
        "npm ci", alias="APP_INSTALL", description="command that installs a release's packages; empty: none"
    )
    app_build: str = Field(
        "npm run build", alias="APP_BUILD", description="command that builds a release; empty: none"
    )
    app_build_timeout: Duration = Field(
        1800.0, alias="APP_BUILD_TIMEOUT", description="time for installing and building together", gt=0
    )
    app_ready_timeout: Duration = Field(
        60.0,
        alias="APP_READY_TIMEOUT",
        description="time from the reload until the application answers well",
        gt=0,
    )
    app_restart_window: Duration = Field(
        10.0,
        alias="APP_RESTART_WINDOW",
        description="so long after it answered well it may not restart by itself",
        ge=0,
    )
    app_order: str = Field(
        "schema-first",
        alias="APP_ORDER",
        description="schema-first: migrations, then the new code; code-first: the new code, then migrations, "
        "from the second release on",
        pattern="^(schema-first|code-first)$",
    )
    app_keep: int = Field(
        3, alias="APP_KEEP", description="older releases kept beside the current and the previous one", ge=0
    )
    pm2: HomePath | None = Field(
        None, alias="PM2", description="pm2 to use; default: beside node, or on PATH"
    )
    pm2_home: HomePath | None = Field(
        None, alias="PM2_HOME", description="PM2's folder, as for PM2 itself; default ~/.pm2"
    )
    node: HomePath | None = Field(
        None,
        alias="NODE",
        description="node, or the folder with it and npm; default: PATH, then where nvm and others put it",
    )


def app_of(settings: AppSettings, project: Path) -> App | None:
    """The application that these settings name; relative folders are the project's. Raises SettingsError."""
    if settings.app_folder is None:
        return None
    names = listed(settings.app_pm2_name)
    if not names:
        raise SettingsError(
            "APP_PM2_NAME is not set",
            why="APP_FOLDER is set, so this must say which process of PM2 the application is",
            hint="APP_PM2_NAME=NAME, as the ecosystem file has it; or unset APP_FOLDER",
        )

    def placed(path: Path | None) -> Path | None:
        return project / path if path else None

    folder, node = placed(settings.app_folder), placed(settings.node)
    assert folder
    return App(
        folder=folder,
        source=project,
        names=names,
        pm2_home=placed(settings.pm2_home) or Path("~/.pm2").expanduser(),
        ecosystem=settings.app_ecosystem,
        install=settings.app_install.strip(),
        build=settings.app_build.strip(),
        order=cast(Order, settings.app_order),
        pm2=placed(settings.pm2),
        # npm sets NODE to the program itself for every script that it runs.
        node=node.parent if node and node.is_file() else node,
        keep=settings.app_keep,
        build_timeout=settings.app_build_timeout,
        ready_timeout=settings.app_ready_timeout,
        restart_window=settings.app_restart_window,
    )
