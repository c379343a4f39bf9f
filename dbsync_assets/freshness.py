"""When Dagster itself calls `full_backup` overdue: after BACKUP_MAX_AGE without a new one."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import dagster as dg

from resources.errors import SettingsError
from resources.settings import Settings, load_settings

_WARN_FROM = 0.9
"""Share of the limit from which it is said to be close."""
_LEAST = 120.0
"""Seconds: Dagster refuses windows of less than a minute, and the warning's must be the shorter one."""


def freshness_policy() -> dg.FreshnessPolicy:
    """By time of materialisation; that the backup is also proven is the check `backup_fresh`'s to say."""
    limit = max(_LEAST, _limit())
    return dg.FreshnessPolicy.time_window(
        fail_window=timedelta(seconds=limit), warn_window=timedelta(seconds=limit * _WARN_FROM)
    )


def _limit() -> float:
    try:
        return load_settings(Path(os.environ.get("DBSYNC_PROJECT", "."))).backup_max_age
    except SettingsError:  # a run says so; the graph is to be seen all the same
        return float(Settings.model_fields["backup_max_age"].default)
