"""Runs that change a database wait for each other in Dagster's queue, also those that a person launches."""

from __future__ import annotations

from dbsync_assets.project import settings_or_defaults
from dbsync_assets.run_tags import target_tag

QUEUED = target_tag(settings_or_defaults())
"""Tags of every job that changes something. Other runs are tagged once they work."""
