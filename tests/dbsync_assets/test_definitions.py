"""The public surface: asset keys, checks and jobs. A change here is a change for users."""

from __future__ import annotations

from itertools import pairwise

import dagster as dg

from dbsync_assets.definitions import defs


def test_assets_form_one_line_and_every_gate_blocks():
    definitions = defs()
    graph = definitions.resolve_asset_graph()
    line = ["migration_source", "full_backup", "applied_schema_version", "validation_report", "health_report"]
    line.append("release_record")
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == set(line)
    for parent, child in pairwise(line):
        assert graph.get(dg.AssetKey(child)).parent_keys == {dg.AssetKey(parent)}
    checks = {f"{key.asset_key.to_user_string()}:{key.name}" for key in graph.asset_check_keys}
    assert checks == {
        "migration_source:history_clean",
        "full_backup:backup_proven",
        "full_backup:archive_proven",
        "full_backup:no_drift",
        "validation_report:schema_consistent",
        "validation_report:data_rules_hold",
        "health_report:health_good",
    }
    waits_for_nothing = {"archive_proven"}
    assert {key.name for key in graph.asset_check_keys if not graph.get(key).blocking} == waits_for_nothing


def test_jobs_have_the_contract_s_names():
    names = {job.name for job in defs().resolve_all_job_defs() if not job.name.startswith("__")}
    assert names == {
        "deploy",
        "backup",
        "prove_backup",
        "migration_check",
        "validate",
        "health_check",
        "restore",
        "rollback",
        "resolve",
        "reset",
    }


def test_schedules_are_there_off_and_at_the_settings_times(monkeypatch):
    monkeypatch.setenv("BACKUP_SCHEDULE", "30 1 * * *")
    monkeypatch.setenv("SCHEDULE_TIMEZONE", "Asia/Shanghai")
    found = {one.name: one for one in defs().schedules or ()}
    assert set(found) == {"backup_schedule", "prove_backup_schedule"}
    times = {name: (one.cron_schedule, one.execution_timezone) for name, one in found.items()}  # type: ignore[union-attr]
    assert times["backup_schedule"] == ("30 1 * * *", "Asia/Shanghai")
    assert times["prove_backup_schedule"] == ("15 5 * * *", "Asia/Shanghai")
    assert {one.default_status for one in found.values()} == {dg.DefaultScheduleStatus.STOPPED}  # type: ignore[union-attr]


def test_a_wrong_setting_does_not_keep_the_jobs_from_loading(monkeypatch):
    monkeypatch.setenv("BACKUP_KEEP", "many")
    assert {one.name for one in defs().schedules or ()} == {"backup_schedule", "prove_backup_schedule"}
