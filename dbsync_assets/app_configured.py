"""Whether an application is released with the database: without one nothing of it is in the graph."""

from __future__ import annotations

import os
from pathlib import Path

from dbsync_assets.deployment_resource import given_deployment
from resources.errors import SettingsError
from resources.settings import load_settings


def app_is_configured() -> bool:
    """As the deployment of this run says, else the settings of the project."""
    given = given_deployment()
    if given is not None:
        return given.application is not None
    try:
        return load_settings(Path(os.environ.get("DBSYNC_PROJECT", "."))).app_folder is not None
    except SettingsError:  # a run says so; the graph is to be seen all the same
        return False
