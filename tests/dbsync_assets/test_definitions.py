"""The public surface: asset keys, checks and jobs. A change here is a change for users."""

from __future__ import annotations

import subprocess
import sys
from datetime import timedelta
from itertools import pairwise

import dagster as dg
from dagster._core.definitions.freshness import TimeWindowFreshnessPolicy

from dbsync_assets.definitions import defs
from resources.settings import CHECKOUT, VERSION

OBSERVATIONS = {"backup_fresh", "catalog_sound", "storage_headroom"}
SCHEDULES = {
    "backup_schedule",
    "incremental_backup_schedule",
    "prove_backup_schedule",
    "retention_schedule",
}
FOLLOW = {"archive_proven", "chain_unbroken"}


def test_assets_form_one_line_every_gate_blocks_and_no_observation_does():
    definitions = defs()
    graph = definitions.resolve_asset_graph()
    line = ["migration_source", "full_backup", "applied_schema_version", "validation_report", "health_report"]
    line.append("release_record")
    assert {key.to_user_string() for key in graph.get_all_asset_keys()} == {
        *line,
        "incremental_backup",
        "metrics_snapshot",
        "live_schema",
    }
    assert graph.get(dg.AssetKey("incremental_backup")).parent_keys == {dg.AssetKey("full_backup")}
    for parent, child in pairwise(line):
        assert graph.get(dg.AssetKey(child)).parent_keys == {dg.AssetKey(parent)}
    checks = {f"{key.asset_key.to_user_string()}:{key.name}" for key in graph.asset_check_keys}
    assert checks == {
        "migration_source:history_clean",
        "full_backup:backup_proven",
        "full_backup:archive_proven",
        "full_backup:no_drift",
        "incremental_backup:chain_unbroken",
        *(f"full_backup:{name}" for name in OBSERVATIONS),
        "validation_report:schema_consistent",
        "validation_report:data_rules_hold",
        "health_report:health_good",
    }
    for key in graph.asset_check_keys:
        assert graph.get(key).blocking == (key.name not in {*OBSERVATIONS, *FOLLOW}), key


def test_full_backup_is_overdue_after_the_age_that_is_set(tmp_path, monkeypatch):
    def window() -> timedelta:
        policy = defs().resolve_asset_graph().get(dg.AssetKey("full_backup")).freshness_policy
        assert isinstance(policy, TimeWindowFreshnessPolicy)
        return policy.fail_window.to_timedelta()

    monkeypatch.setenv("DBSYNC_PROJECT", str(tmp_path))
    monkeypatch.delenv("BACKUP_MAX_AGE", raising=False)
    assert window() == timedelta(hours=26)
    (tmp_path / ".env").write_text("BACKUP_MAX_AGE=2d\n")
    assert window() == timedelta(days=2)
    (tmp_path / ".env").write_text("BACKUP_MAX_AGE=1s\n")
    assert window() == timedelta(minutes=2), "Dagster takes no window below a minute"
    (tmp_path / ".env").write_text("BACKUP_MAX_AGE=soon\n")
    assert window() == timedelta(hours=26), "a wrong setting is the runs' to say; the graph is to be seen"


def test_the_health_job_looks_at_the_backups_too():
    job = defs().resolve_job_def("health_check")
    looked_at = {key.name for key in job.asset_layer.asset_graph.asset_check_keys}
    assert looked_at >= {*OBSERVATIONS, "health_good"}
    assert "full_backup" not in {node.name for node in job.nodes}, "and makes none"


def test_jobs_have_the_contract_s_names():
    names = {job.name for job in defs().resolve_all_job_defs() if not job.name.startswith("__")}
    assert names == {
        "deploy",
        "backup",
        "incremental_backup",
        "prove_backup",
        "migration_check",
        "validate",
        "health_check",
        "restore",
        "rollback",
        "resolve",
        "reset",
        "retention",
        "reconcile",
        "baseline",
        "drift",
    }


def test_schedules_are_there_off_and_at_the_settings_times(monkeypatch):
    monkeypatch.setenv("BACKUP_SCHEDULE", "30 1 * * *")
    monkeypatch.setenv("INCREMENTAL_SCHEDULE", "*/20 * * * *")
    monkeypatch.setenv("SCHEDULE_TIMEZONE", "Asia/Shanghai")
    found = {one.name: one for one in defs().schedules or ()}
    assert set(found) == SCHEDULES
    times = {name: (one.cron_schedule, one.execution_timezone) for name, one in found.items()}  # type: ignore[union-attr]
    assert times["backup_schedule"] == ("30 1 * * *", "Asia/Shanghai")
    assert times["prove_backup_schedule"] == ("15 5 * * *", "Asia/Shanghai")
    assert times["incremental_backup_schedule"] == ("*/20 * * * *", "Asia/Shanghai")
    assert times["retention_schedule"] == ("45 3 * * *", "Asia/Shanghai")
    assert {one.default_status for one in found.values()} == {dg.DefaultScheduleStatus.STOPPED}  # type: ignore[union-attr]


def test_the_monitoring_sensor_looks_at_its_interval(monkeypatch):
    monkeypatch.setenv("MONITOR_INTERVAL", "30s")
    (found,) = [one for one in defs().sensors or () if one.name == "monitoring"]
    assert found.minimum_interval_seconds == 30


def test_sensors_are_there_and_off():
    found = {one.name: one.default_status for one in defs().sensors or ()}
    names = ("git_migrations", "reconcile", "drift", "alerts", "monitoring")
    assert found == dict.fromkeys(names, dg.DefaultSensorStatus.STOPPED)


def test_a_wrong_setting_does_not_keep_the_jobs_from_loading(monkeypatch):
    monkeypatch.setenv("BACKUP_KEEP", "many")
    assert {one.name for one in defs().schedules or ()} == SCHEDULES


def test_every_asset_says_whose_it_is_what_it_is_and_of_which_code():
    graph = defs().resolve_asset_graph()
    for key in graph.get_all_asset_keys():
        node = graph.get(key)
        assert node.description and node.kinds and node.owners and node.code_version, key
        assert node.group_name != "default", key


def test_the_owner_is_the_one_that_is_set_and_the_code_is_that_of_dbsync(tmp_path, monkeypatch):
    def owners() -> set[str]:
        graph = defs().resolve_asset_graph()
        return {owner for key in graph.get_all_asset_keys() for owner in graph.get(key).owners}

    monkeypatch.setenv("DBSYNC_PROJECT", str(tmp_path))
    monkeypatch.delenv("DBSYNC_OWNER", raising=False)
    assert owners() == {"team:database"}
    (tmp_path / ".env").write_text("DBSYNC_OWNER=team:shop, ada@example.org\n")
    assert owners() == {"team:shop", "ada@example.org"}
    (tmp_path / ".env").write_text("DBSYNC_OWNER=nobody\n")
    assert owners() == {"team:database"}, "a wrong setting is the runs' to say; the graph is to be seen"
    graph = defs().resolve_asset_graph()
    versions = {graph.get(key).code_version for key in graph.get_all_asset_keys()}
    assert len(versions) == 1 and VERSION.startswith(f"{versions.pop()}.")


def test_jobs_that_change_the_database_wait_for_each_other_from_their_launch_on(tmp_path):
    code = (
        "from dbsync_assets.definitions import defs\n"
        "jobs = [job for job in defs().resolve_all_job_defs() if not job.name.startswith('__')]\n"
        "print(*sorted(job.name for job in jobs if job.run_tags.get('dbsync/target') == 'shop@127.0.0.1:1'))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={
            "PYTHONPATH": str(CHECKOUT),
            "PATH": "/usr/bin:/bin",
            "DBSYNC_PROJECT": str(tmp_path),
            "DATABASE_URL": "mysql://a:hunter222@127.0.0.1:1/shop",
        },
        capture_output=True,
        text=True,
    )
    queued = "backup baseline deploy incremental_backup reset resolve restore retention rollback"
    assert done.stdout.split() == queued.split(), done.stderr


def test_every_setting_of_a_job_says_what_it_does():
    for job in defs().resolve_all_job_defs():
        for node in job.nodes:
            schema = node.definition.config_schema
            fields = getattr(schema.config_type, "fields", {}) if schema else {}
            for name, field in fields.items():
                assert field.description, f"{job.name}: {node.name}: {name}"
