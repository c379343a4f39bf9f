"""`dbsync deploy` from end to end, through the real command, Dagster and a real MySQL."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.e2e.conftest import BAD, DUPLICATES, GOOD
from tests.support.git_server import git

pytestmark = pytest.mark.slow
ADD_X = "ALTER TABLE `Post` ADD COLUMN `x` INTEGER NULL;"


def test_a_good_release_is_backed_up_applied_checked_and_recorded(project):
    project.add_migration(*GOOD)
    code, report = project.report("deploy")
    assert (code, report["outcome"]) == (0, "released")
    assert project.applied() == ["20260101000000_init", GOOD[0]]
    assert "`name` varchar(191)" in project.world().schema["tables"]["User"]
    assert report["migration"]["applied_migrations"] == [GOOD[0]]
    assert report["backup"]["proof"]["proven"] is True
    record = json.loads(Path(project.storage, "releases", f"{report['deployment']}.json").read_text())
    assert record["outcome"] == "released"
    assert project.journal_phases()[-1] == "released"
    assert project.databases() == {project.database}


def test_a_second_deploy_finds_nothing_pending_and_changes_nothing(project):
    before = project.world()
    code, report = project.report("deploy")
    assert (code, report["migration"]["applied_migrations"]) == (0, [])
    assert project.world() == before


def test_a_migration_that_fails_on_real_rows_leaves_everything_as_it_was(project):
    before = project.world()
    path = project.add_migration(*BAD)
    done = project.run("deploy")
    assert done.returncode == 40, done.stderr
    assert project.world() == before
    assert project.databases() == {project.database}
    assert project.journal_phases()[-1] == "rolled_back"
    assert f"{BAD[0]}/{path.name}:5" in done.stderr
    assert "CREATE UNIQUE INDEX" in done.stderr and "Duplicate entry 'a@x'" in done.stderr
    assert "DATA STATE: as before this deployment, rolled back in" in done.stderr


def test_after_a_rollback_the_corrected_migration_deploys(project):
    path = project.add_migration(*BAD)
    assert project.run("deploy").returncode == 40
    path.write_text(BAD[1].replace("UNIQUE ", ""))
    assert project.run("deploy").returncode == 0
    assert project.applied()[-1] == BAD[0]


def test_a_failed_data_rule_of_the_project_rolls_the_release_back(project):
    rules = project.folder / "data-rules"
    rules.mkdir()
    (rules / "names.json").write_text(
        json.dumps(
            {
                "name": "every user has a name",
                "sql": "SELECT COUNT(*) AS nameless FROM `User` WHERE `name` IS NULL",
                "expectations": [
                    {
                        "type": "expect_column_values_to_be_between",
                        "kwargs": {"column": "nameless", "max_value": 0},
                    }
                ],
            }
        )
    )
    before = project.world()
    project.add_migration(*GOOD)
    code, report = project.report("deploy")
    assert (code, report["outcome"]) == (50, "rolled_back")
    assert project.world() == before


def test_an_unhealthy_application_rolls_the_release_back(project, httpserver):
    httpserver.expect_request("/health").respond_with_data("broken", status=500)
    before = project.world()
    project.add_migration(*GOOD)
    code, report = project.report("deploy", HEALTH_URL=httpserver.url_for("/health"), HEALTH_TIMEOUT="1s")
    assert (code, report["outcome"]) == (51, "rolled_back")
    assert project.world() == before


def test_rows_that_a_migration_deletes_need_a_word(project):
    before = project.world()
    project.add_migration("20260401000000_purge", "DELETE FROM `Post` WHERE `id` = 1;\n")
    refused = project.run("deploy")
    assert refused.returncode == 50, refused.stderr
    assert "deploy --accept-fewer-rows Post" in refused.stderr
    assert project.world() == before

    accepted = project.run("deploy", "--accept-fewer-rows", "Post")
    assert accepted.returncode == 0, accepted.stderr
    assert project.world().digests["Post"].rows == before.digests["Post"].rows - 1


def test_rows_written_meanwhile_in_other_tables_survive_the_rollback(project):
    """The rollback puts back what the migration touched, and only that."""
    project.add_migration(
        "20260401000000_slow", f"{ADD_X}\nDO (SELECT SLEEP(3) FROM `User` LIMIT 1);\n{DUPLICATES}\n"
    )
    process = project.start("deploy")
    project.wait_for_phase("migration_started", process)
    project.execute("INSERT INTO `User` (`email`) VALUES ('meanwhile@x')")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 40, errors
    assert project.query("SELECT email FROM `User` WHERE email = 'meanwhile@x'") == ([("meanwhile@x",)])
    assert "`x`" not in project.world().schema["tables"]["Post"]


def test_rows_written_meanwhile_in_a_touched_table_stop_the_rollback_and_are_named(project):
    project.add_migration(
        "20260401000000_slow", f"{ADD_X}\nDO (SELECT SLEEP(3) FROM `User` LIMIT 1);\n{DUPLICATES}\n"
    )
    process = project.start("deploy")
    project.wait_for_phase("migration_started", process)
    while "`x`" not in project.world().schema["tables"]["Post"]:
        pass
    project.execute("INSERT INTO `Post` (`userId`, `title`) VALUES (1, 'meanwhile')")
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 61, errors
    assert "Post" in errors and "--accept-loss" in errors
    assert project.query("SELECT title FROM `Post` WHERE title = 'meanwhile'") == [("meanwhile",)]

    done = project.run("rollback", "--accept-loss")
    assert done.returncode == 0, done.stderr
    assert "`x`" not in project.world().schema["tables"]["Post"]
    aside = project.databases() - {project.database}
    assert len(aside) == 1, "the rows that left the database are kept aside"
    assert project.query(f"SELECT title FROM `{aside.pop()}`.`Post` WHERE title = 'meanwhile'")


def test_a_refused_rollback_of_a_released_deployment_leaves_it_released(project):
    before = project.world()
    project.add_migration(*GOOD)
    assert project.run("deploy").returncode == 0
    project.execute("INSERT INTO `User` (`email`) VALUES ('later@x')")
    refused = project.run("rollback")
    assert refused.returncode == 61 and "`User`: 1 inserted" in refused.stderr, refused.stderr
    code, report = project.report("status")
    assert (code, report["error"], report["last_deployment"]["phase"]) == (0, None, "released")
    assert project.run("validate").returncode == 0
    done = project.run("rollback", "--accept-loss")
    assert done.returncode == 0, done.stderr
    assert project.world() == before
    assert project.journal_phases()[-1] == "rolled_back"


def test_a_later_deployment_that_was_undone_does_not_stop_the_rollback_of_a_good_one(project):
    before = project.world()
    project.add_migration(*GOOD)
    assert project.run("deploy").returncode == 0
    released = project.world()
    insert = "INSERT INTO `User` (`id`, `email`) VALUES (50, 'own@x');"
    # Only on the rows of `project` is there a user 1 already.
    project.add_migration("20260401000000_twice", f"{insert}\n{insert.replace('50', '1')}\n")
    failed = project.run("deploy")
    assert failed.returncode == 40, failed.stderr
    assert project.world() == released
    done = project.run("rollback")
    assert done.returncode == 0, done.stderr
    assert project.world() == before


def test_rollback_enabled_false_leaves_the_failure_and_says_so(project):
    project.add_migration(*BAD)
    done = project.run("deploy", ROLLBACK_ENABLED="false")
    assert done.returncode == 61
    assert "Extra" in project.world().schema["tables"]
    assert project.run("rollback").returncode == 0
    assert "Extra" not in project.world().schema["tables"]


def test_a_database_that_does_not_exist_is_created_and_gone_again_when_its_first_migration_fails(
    empty_project,
):
    project = empty_project
    project.database += "_new"
    project.add_migration("1_bad", "CREATE TABLE `A` (`id` INTEGER NOT NULL);\nSELECT * FROM `nowhere`;\n")
    done = project.run("deploy")
    assert done.returncode == 40, done.stderr
    project.database = project.database.removesuffix("_new")
    assert project.databases() == {project.database}


def test_the_dagster_instance_has_the_run_with_its_gates(project):
    import dagster as dg

    for words in (("init", "-q"), ("add", "prisma"), ("commit", "-q", "-m", "A shop")):
        git(project.folder, *words, author="Ada@example.org")
    assert project.run("deploy").returncode == 0
    with dg.DagsterInstance.from_config(str(project.folder / ".dbsync" / "dagster")) as instance:
        runs = instance.get_runs()
        assert [(run.job_name, run.status) for run in runs] == [("deploy", dg.DagsterRunStatus.SUCCESS)]
        logs = instance.all_logs(runs[0].run_id)
    tags = {name: text for name, text in runs[0].tags.items() if name.startswith("dbsync/")}
    assert tags.pop("dbsync/process")
    assert tags == {
        "dbsync/target": f"{project.database}@127.0.0.1:{project.endpoint.port}",
        "dbsync/commit": git(project.folder, "rev-parse", "HEAD"),
        "dbsync/author": "Ada",
        "dbsync/deployment": next(project.storage.glob("releases/*.json")).stem,
    }
    events = [entry.get_dagster_event() for entry in logs if entry.is_dagster_event]
    kinds = [event.event_type for event in events]
    assert kinds.count(dg.DagsterEventType.ASSET_CHECK_EVALUATION) == 10
    made = {
        event.asset_key for event in events if event.event_type == dg.DagsterEventType.ASSET_MATERIALIZATION
    }
    assert dg.AssetKey("release_record") in made


def test_status_says_when_the_newest_proven_backup_is_too_old_and_deploys_all_the_same(project):
    code, report = project.report("status")
    assert code == 0 and report["backups"] == {
        "newest_proven": None,
        "age_seconds": None,
        "fresh": False,
        "room_for": None,
    }
    assert project.run("deploy").returncode == 0
    code, report = project.report("status")
    assert code == 0 and report["backups"]["fresh"] and report["backups"]["room_for"] > 0
    old = project.run("status", BACKUP_MAX_AGE="10ms")
    assert old.returncode == 0
    assert "! the newest proven full backup" in old.stdout and "BACKUP_MAX_AGE" in old.stdout


def test_observations_that_warn_stop_no_release_and_the_health_check_renews_them(project):
    import dagster as dg

    project.add_migration(*GOOD)
    (project.storage / "20200101T000000Z-0001-full").mkdir(parents=True)
    assert project.run("deploy", BACKUP_MAX_AGE="10ms").returncode == 0
    assert project.applied()[-1] == GOOD[0]
    assert project.run("health").returncode == 0
    with dg.DagsterInstance.from_config(str(project.folder / ".dbsync" / "dagster")) as instance:
        found = {run.job_name: verdicts(instance, run.run_id) for run in instance.get_runs()}
    assert found["deploy"]["backup_fresh"] is False and found["deploy"]["catalog_sound"] is False
    assert found["health_check"] == {
        "backup_fresh": True,
        "catalog_sound": False,
        "storage_headroom": True,
        "health_good": True,
    }


def verdicts(instance, run_id: str) -> dict[str, bool]:
    events = [entry.get_dagster_event() for entry in instance.all_logs(run_id) if entry.is_dagster_event]
    evaluations = [
        event.asset_check_evaluation_data
        for event in events
        if event.event_type_value == "ASSET_CHECK_EVALUATION"
    ]
    return {one.check_name: one.passed for one in evaluations}
