"""A run of a part of a release, or from the middle of another one: refused, only a whole one is safe.

Dagster skips the steps that succeeded in the run before, the migrations too, although a rollback
has undone them, and the proven private copy was gone with that run. Re-execution of all steps
is a release like any other.
"""

from __future__ import annotations

import dagster as dg

from dbsync_assets.run_tags import DEPLOYMENT
from resources.deployment.deployment import Deployment
from resources.errors import DbsyncError, NothingToRollBackError, UsageError
from resources.journal import Journal
from resources.target import Target

JOB = "deploy"
_FIRST_STEP = "migration_source"
_AGAIN = "Re-execute all steps (not: from failure), or type: dbsync deploy"
_WHAT_IS_LEFT = {
    "rolled_back": (
        "its rollback has undone deployment {id}: no migration of it is in the database any more",
        _AGAIN,
    ),
    "failed": ("deployment {id} ended before it changed anything", _AGAIN),
    "restored": ("a backup was restored after deployment {id} began", _AGAIN),
    "released": ("deployment {id} is released: nothing is left to do", "nothing; dbsync status shows it"),
    "rollback_refused": (
        "deployment {id} is still in the database: its rollback was refused",
        "dbsync rollback {id}",
    ),
    "rollback_incomplete": ("the rollback of deployment {id} is not complete", "dbsync rollback {id}"),
}


def refuse_continued(instance: dg.DagsterInstance, run: dg.DagsterRun, target: Target) -> DbsyncError | None:
    """Why `run` may do nothing, or None. Consults the journal for what the run before left behind."""
    steps = run.step_keys_to_execute
    if run.job_name != JOB or run.parent_run_id is None or not steps or _FIRST_STEP in steps:
        return None
    why, hint = "it would skip the backup, or the migrations that were undone", _AGAIN
    before = deployment_before(instance, run)
    phase = _phase(target, before)
    if phase:
        why, hint = _WHAT_IS_LEFT.get(
            phase, (f"deployment {{id}} is at phase {phase}", "dbsync status, then: dbsync deploy")
        )
    return UsageError(
        "a release is not continued from the middle; nothing was backed up or changed by this run",
        where=target.name,
        why=why.format(id=before),
        hint=hint.format(id=before),
    )


def refuse_part(run: dg.DagsterRun, target: Target) -> DbsyncError | None:
    """Why a run of some of the release's assets or checks may do nothing, or None.

    Without its last asset a release is undone at its end, and the run would be called a success; without
    a check nothing would be behind that gate.
    """
    if run.job_name != JOB or (run.asset_selection is None and run.asset_check_selection is None):
        return None
    from dbsync_assets.definitions import defs  # which imports the resource that asks

    whole = defs().resolve_job_def(JOB).asset_layer
    left_out: set[str] = set()
    if run.asset_selection is not None:
        left_out |= {key.to_user_string() for key in whole.selected_asset_keys - run.asset_selection}
    if run.asset_check_selection is not None:
        checks = whole.asset_graph.asset_check_keys
        left_out |= {key.name for key in checks - run.asset_check_selection}
    if not left_out:
        return None
    return UsageError(
        "a part of a release cannot be run; nothing was backed up or changed by this run",
        where=target.name,
        why=f"left out: {', '.join(sorted(left_out))}",
        hint="materialize all of the job `deploy`, or type: dbsync deploy",
    )


def refuse_for_nothing(instance: dg.DagsterInstance, run: dg.DagsterRun, deployment: Deployment) -> None:
    """No backup is made to release once more what the run before released. Raises UsageError."""
    if run.job_name != JOB or deployment.status is None or deployment.status.pending_names:
        return
    before = deployment_before(instance, run)
    if _phase(deployment.target, before) == "released":
        raise UsageError(
            "nothing is pending; no backup was made by this run",
            where=deployment.target.name,
            why=f"deployment {before} of the run before is released",
            hint="nothing; a backup alone: dbsync backup",
        )


def _phase(target: Target, deployment: str) -> str:
    """Empty where the journal knows no such deployment: tags are anybody's to write."""
    try:
        return Journal(target.storage).get(deployment).phase if deployment else ""
    except NothingToRollBackError:
        return ""


def deployment_before(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    """The deployment that the run before made; through runs that were refused themselves."""
    parent = run.parent_run_id
    while parent and (found := instance.get_run_by_id(parent)):
        if DEPLOYMENT in found.tags:
            return found.tags[DEPLOYMENT]
        parent = found.parent_run_id
    return ""
