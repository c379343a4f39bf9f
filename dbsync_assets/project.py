"""The project that this Dagster works on, read anew each time."""

from __future__ import annotations

import os
from pathlib import Path

from resources.errors import SettingsError
from resources.settings import Settings, load_settings


def project_folder() -> Path:
    return Path(os.environ.get("DBSYNC_PROJECT", "."))


def project_settings() -> Settings:
    """Raises SettingsError."""
    return load_settings(project_folder())


def settings_or_defaults() -> Settings:
    """For when definitions load. What is wrong every run says itself; a code location that does not
    load says less.
    """
    try:
        return project_settings()
    except SettingsError:
        return Settings.model_construct()
