"""Runs in Dagster's storage that nobody looks at any more: each keeps its events for ever otherwise."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import dagster as dg

_AT_ONCE = 500
_ENDED = [dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED]


def forget_old_runs(instance: dg.DagsterInstance, keep: float) -> int:
    """Remove runs that ended and are older than `keep` seconds, with their events; how many.

    What was deployed stays known: the journal and the release records are not Dagster's.
    """
    before = datetime.now(UTC) - timedelta(seconds=keep)
    filters = dg.RunsFilter(statuses=_ENDED, created_before=before)
    old = instance.get_runs(filters, limit=_AT_ONCE)
    for run in old:
        instance.delete_run(run.run_id)
    return len(old)
