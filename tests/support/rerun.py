"""Runs a job of dbsync, then again, each time `from-failure`, `all` or `part`; prints as JSON what it did.

A program of its own: Dagster re-executes only what it can import, and settings are read from the environment.
"""

from __future__ import annotations

import json
import sys
from typing import Any

import dagster as dg

from dbsync_assets.definitions import defs


def deploy_job() -> dg.JobDefinition:
    return defs().resolve_job_def("deploy")


def rollback_job() -> dg.JobDefinition:
    return defs().resolve_job_def("rollback")


def validate_job() -> dg.JobDefinition:
    return defs().resolve_job_def("validate")


PART = ("migration_source", "full_backup", "applied_schema_version")
JOBS = {"deploy": deploy_job, "rollback": rollback_job, "validate": validate_job}


def main(job: str, *again: str) -> None:
    with dg.DagsterInstance.get() as instance:
        told = []
        run_id = ""
        for how in ("first", *again):
            options, selected = None, None
            if how == "from-failure":
                options = dg.ReexecutionOptions.from_failure(run_id, instance)
            elif how == "all":
                options = dg.ReexecutionOptions(parent_run_id=run_id)
            elif how == "part":  # as "Materialize selected" in the UI
                selected = [dg.AssetKey(name) for name in PART]
            with dg.execute_job(
                dg.reconstructable(JOBS[job]),
                instance,
                raise_on_error=False,
                reexecution_options=options,
                asset_selection=selected,
            ) as result:
                run_id = result.run_id
                told.append({"success": result.success, **_told(instance, result)})
    json.dump(told, sys.stdout)


def _told(instance: dg.DagsterInstance, result: dg.ExecuteJobResult) -> dict[str, Any]:
    run = instance.get_run_by_id(result.run_id)
    assert run
    failures = [one.step_failure_data.error for one in result.all_events if one.is_step_failure]
    causes = [one.cause or one for one in failures if one]
    event = instance.get_latest_materialization_event(dg.AssetKey("applied_schema_version"))
    shown = event.asset_materialization if event else None
    return {
        "why": causes[0].message if causes else "",
        "said": " ".join(
            str(one.event_specific_data.description)
            for one in result.all_events
            if one.event_type is dg.DagsterEventType.ASSET_CHECK_EVALUATION
        ),
        "ran": [one.step_key for one in result.all_events if one.is_step_start],
        "tags": dict(run.tags),
        "graph shows": (shown.tags or {}).get("dagster/data_version") if shown else None,
    }


if __name__ == "__main__":
    main(*sys.argv[1:])
