"""When Dagster itself calls `full_backup` overdue: after BACKUP_MAX_AGE without a new one."""

from __future__ import annotations

from datetime import timedelta

import dagster as dg

from resources.settings import Settings

_WARN_FROM = 0.9
"""Share of the limit from which it is said to be close."""
_LEAST = 120.0
"""Seconds: Dagster refuses windows of less than a minute, and the warning's must be the shorter one."""


def freshness_policy(settings: Settings) -> dg.FreshnessPolicy:
    """By time of materialisation; that the backup is also proven is the check `backup_fresh`'s to say."""
    limit = max(_LEAST, settings.backup_max_age)
    return dg.FreshnessPolicy.time_window(
        fail_window=timedelta(seconds=limit), warn_window=timedelta(seconds=limit * _WARN_FROM)
    )
