"""Whether an application is released with the database: without one nothing of it is in the graph."""

from __future__ import annotations

from dbsync_assets.deployment_resource import given_deployment
from resources.settings import Settings


def app_is_configured(settings: Settings) -> bool:
    """As the deployment of this run says, else the settings of the project."""
    given = given_deployment()
    return (given.application if given is not None else settings.app_folder) is not None
