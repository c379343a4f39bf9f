"""The deployment that a later step of the same workflow speaks of."""

from __future__ import annotations

from dbsync_assets.cli.context import Loaded
from dbsync_assets.cli.join import released
from dbsync_assets.cli.output import note


def about(loaded: Loaded) -> str | None:
    """The id of DBSYNC_DEPLOYMENT, once that one is released; None where it is not set.

    One that still goes on is waited for. Raises the error that it ended with, or
    NotReleasedError: what stands in the database is not what the workflow deployed.
    """
    named = loaded.settings.deployment
    if not named:
        return None
    deployment = released(loaded, named)
    note(f"of deployment {deployment}, which is released")
    return deployment
