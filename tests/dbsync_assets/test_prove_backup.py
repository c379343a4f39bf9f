"""Jobs `backup` and `prove_backup` in Dagster: what they prove, record and show."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import dagster as dg
import pytest

from dbsync_assets.definitions import defs
from dbsync_assets.deployment_resource import with_deployment
from resources.backup.archive import stored_path
from resources.backup.catalog import list_backups
from resources.backup.manifest import Manifest
from resources.backup.standing import standing
from resources.deployment.deployment import Deployment
from resources.mysql.connection import execute
from resources.target import Target

pytestmark = pytest.mark.slow
CHECK = dg.AssetCheckKey(dg.AssetKey("full_backup"), "archive_proven")


@pytest.fixture
def instance():
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def run(target, connection, instance) -> Callable[..., dg.ExecuteInProcessResult]:
    """Run a job of the definitions on the test's target."""
    execute(connection, "CREATE TABLE t (id INT NOT NULL PRIMARY KEY)")
    execute(connection, "INSERT INTO t VALUES (1), (2)")

    def execute_job(
        name: str, config: dict | None = None, on: Target = target, **tags: str
    ) -> dg.ExecuteInProcessResult:
        deployment = Deployment(on, purpose="change" if name == "backup" else "read")
        run_config = {"ops": config} if config else None
        try:
            with with_deployment(deployment):
                return (
                    defs()
                    .resolve_job_def(name)
                    .execute_in_process(
                        instance=instance, raise_on_error=False, run_config=run_config, tags=tags
                    )
                )
        finally:
            deployment.close()

    return execute_job


def _newest(target: Target) -> Manifest:
    return list_backups(target.storage)[-1]


def _check(instance: dg.DagsterInstance) -> dg.AssetCheckEvaluation:
    record = instance.event_log_storage.get_asset_check_execution_history(CHECK, limit=1)[0]
    assert record.event and record.event.dagster_event
    return record.event.dagster_event.asset_check_evaluation_data


@pytest.mark.parametrize(
    ("config", "tags", "setting", "of"),
    [
        ("auto", {}, "auto", "clone"),
        ("auto", {"dagster/schedule_name": "backup_schedule"}, "auto", "archive"),
        ("archive", {}, "none", "archive"),
        ("auto", {}, "none", ""),
    ],
    ids=["by hand", "scheduled", "asked for", "none"],
)
def test_who_waits_decides_what_is_proven_unless_it_is_said(run, target, config, tags, setting, of):
    on = replace(target, backup_proof=setting)
    assert run("backup", {"full_backup": {"config": {"proof": config}}}, on, **tags).success
    proof = _newest(target).proof
    assert (proof.of, proof.proven) == (of, bool(of))


def test_a_proof_that_is_none_of_the_four_fails_before_anything_is_made(run, target):
    assert not run("backup", {"full_backup": {"config": {"proof": "later"}}}).success
    assert list_backups(target.storage) == []


def test_a_backup_whose_archive_is_unproven_shows_a_warning_until_it_is_proven(run, target, instance):
    assert run("backup").success
    waiting = _check(instance)
    assert (waiting.passed, waiting.severity) == (False, dg.AssetCheckSeverity.WARN)
    assert f"dbsync backups verify {_newest(target).id}" in str(waiting.description)

    result = run("prove_backup")
    assert result.success
    shown = _check(instance)
    found = standing(_newest(target))
    assert shown.passed and found.proof.of == "archive" and found.proofs == 2
    assert shown.metadata["restore_seconds"].value == found.proof.restore_seconds > 0
    assert shown.metadata["backup"].value == _newest(target).id
    observed = [event for event in result.all_events if event.event_type_value == "ASSET_OBSERVATION"]
    (seen,) = [event.asset_observation_data.asset_observation for event in observed]
    assert seen.metadata["restore_seconds"].value == found.proof.restore_seconds


def test_a_proof_that_fails_fails_its_run_and_the_check_says_why(run, target, instance):
    assert run("backup").success
    manifest = _newest(target)
    victim = stored_path(Path(manifest.file_path), max(manifest.files, key=lambda f: f.stored_length).path)
    victim.write_bytes(victim.read_bytes()[:-1])
    assert not run("prove_backup").success
    shown = _check(instance)
    assert (shown.passed, shown.severity) == (False, dg.AssetCheckSeverity.ERROR)
    assert victim.name in str(shown.description)
    assert standing(manifest).failed


def test_an_older_backup_that_is_proven_is_observed_and_leaves_the_check_alone(run, target, instance):
    assert run("backup").success
    older = _newest(target)
    assert run("backup", {"full_backup": {"config": {"proof": "archive"}}}).success
    before = _check(instance)
    result = run("prove_backup", {"prove_stored_backup": {"config": {"backup_id": older.id}}})
    assert result.success and standing(older).proof.of == "archive"
    assert _check(instance) == before
    assert any(event.event_type_value == "ASSET_OBSERVATION" for event in result.all_events)


def test_without_a_backup_it_fails_and_says_so(run):
    result = run("prove_backup")
    (failure,) = [event for event in result.all_events if event.is_step_failure]
    assert "there is no backup of" in str(failure.step_failure_data.error)
