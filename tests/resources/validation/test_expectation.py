"""What a release should make of a database that its migrations alone do not make."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resources.errors import DriftError, MigrationFailedError, MysqlNotFoundError
from resources.mysql.connection import connect
from resources.prisma.history import create_history, insert_applied
from resources.prisma.status import migration_status
from resources.validation.baseline import find_baseline
from resources.validation.compare import compare
from resources.validation.expectation import expect, with_replay
from resources.validation.validate import validate
from tests.resources.validation.conftest import run, schema_of, write_migration

PUSHED = "CREATE TABLE `Legacy` (`id` INT NOT NULL PRIMARY KEY, `at` TIMESTAMP NULL)"
USES_PUSHED = "ALTER TABLE `Legacy` ADD COLUMN `n` INT NULL"


@pytest.fixture
def pushed(target):
    """m1 alters a table that no migration makes, and was marked as applied."""
    run(target, PUSHED, USES_PUSHED)
    _mark_applied(target, m1=USES_PUSHED + ";\n")
    return target


def _mark_applied(target, **scripts):
    with connect(target.endpoint, target.database) as connection:
        create_history(connection)
        for name, script in scripts.items():
            write_migration(target.migrations, name, script)
            insert_applied(connection, name, "0" * 64)
    accepted = replace(target.policy, accepted=frozenset(scripts))
    object.__setattr__(target, "policy", accepted)  # the checksums are not the subject


def _accepting(target):
    return replace(target, policy=replace(target.policy, accept_drift=True))


def test_without_a_word_there_is_no_expectation_but_a_refusal(pushed):
    status = migration_status(pushed)
    found = expect(pushed, status)
    assert (found.before, found.after) == (None, None)
    refusal = status.with_finding(found.finding).refusal()
    assert isinstance(refusal, DriftError)
    assert "`m1` stops at" in refusal.what and "m1/migration.sql:1" in refusal.what
    assert "MySQL: (1146)" in refusal.what and "Legacy' doesn't exist" in refusal.what
    assert "0_baseline" in refusal.hint and "deploy --accept-drift" in refusal.hint


def test_with_it_the_pending_scripts_are_run_on_the_present_schema(pushed):
    write_migration(pushed.migrations, "m2", "ALTER TABLE `Legacy` ADD COLUMN `m` INT;\nSELECT 1;\n")
    found = expect(_accepting(pushed), migration_status(_accepting(pushed)))
    assert found.finding and found.finding.accepted
    assert found.before and compare(found.before, schema_of(pushed)) == []
    assert found.after
    assert [str(one) for one in compare(found.after, schema_of(pushed))] == [
        "table `Legacy`, column `m`: missing"
    ]
    run(pushed, "ALTER TABLE `Legacy` ADD COLUMN `m` INT")
    assert validate(_accepting(pushed), expectation=found).result.is_valid


def test_the_validation_afterwards_still_compares_element_by_element(pushed):
    accepting = _accepting(pushed)
    found = expect(accepting, migration_status(accepting))
    run(pushed, "ALTER TABLE `Legacy` MODIFY COLUMN `n` BIGINT", "CREATE TABLE by_hand (id INT)")
    report = validate(accepting, expectation=found)
    assert report.schema_problems == ["table `Legacy`, column `n`: different", "table `by_hand`: unexpected"]
    warning = next(one for one in report.result.warnings if "`m1` stops at" in one)
    assert warning.endswith("compared with the schema before this release, plus its migrations, instead")


def test_validate_alone_says_that_it_could_not_compare_and_still_runs_the_rules(pushed):
    refused = validate(pushed)
    (problem,) = refused.schema_problems
    assert "`m1` stops at" in problem and "so the schema was not compared" in problem
    assert "deploy --accept-drift" in problem
    assert {rule.name for rule in refused.rule_results} >= {"row_counts", "orphans"}
    accepted = validate(_accepting(pushed))
    assert accepted.result.is_valid
    assert any("`m1` stops at" in warning for warning in accepted.result.warnings)


@pytest.mark.parametrize(
    ("script", "code"),
    [
        ("ALTER TABLE `Legacy` ADD COLUM `x` INT", 1064),
        ("ALTER TABLE `Nowhere` ADD `x` INT", 1146),
        ("CREATE TABLE `Legacy` (`id` INT)", 1050),
        ("", 1065),
    ],
)
def test_a_pending_script_that_cannot_run_is_refused_and_the_target_is_as_it_was(pushed, script, code):
    before = schema_of(pushed)
    write_migration(pushed.migrations, "m2", f"ALTER TABLE `Legacy` DROP COLUMN `at`;\n{script}\n")
    if not script:
        (pushed.migrations / "m2" / "migration.sql").write_text("")
    with pytest.raises(MigrationFailedError, match="`m2` cannot run") as caught:
        expect(_accepting(pushed), migration_status(_accepting(pushed)))
    assert f"({code})" in caught.value.why
    assert "tried on a private copy of the present schema" in caught.value.why
    assert "--accept-drift" not in caught.value.hint, "that was said already"
    assert schema_of(pushed) == before


def test_a_script_that_needs_rows_is_told_the_way_that_has_them(pushed):
    run(
        pushed,
        "CREATE TABLE child (id INT, legacy INT NOT NULL, FOREIGN KEY (legacy) REFERENCES `Legacy` (id))",
    )
    write_migration(pushed.migrations, "m2", "INSERT INTO child VALUES (1, 1);\n")
    with pytest.raises(MigrationFailedError) as caught:
        expect(_accepting(pushed), migration_status(_accepting(pushed)))
    assert "it relies on rows, of which that copy has none" in caught.value.why
    assert "0_baseline" in caught.value.hint


def test_a_pending_script_may_rely_on_a_table_of_no_migration_once_drift_is_accepted(target):
    run(target, PUSHED, "CREATE TABLE known (id INT)")
    _mark_applied(target, m1="CREATE TABLE known (id INT);\n")
    write_migration(target.migrations, "m2", USES_PUSHED)
    with pytest.raises(MigrationFailedError, match="`m2` cannot run") as caught:
        expect(target, migration_status(target))
    assert "deploy --accept-drift" in caught.value.hint
    found = expect(_accepting(target), migration_status(_accepting(target)))
    assert found.finding and found.finding.migration == "m2"
    assert found.after and "`n` int" in found.after.tables["Legacy"]


def test_a_history_that_replays_is_expected_as_before(target, deployed):
    deployed(m1="CREATE TABLE a (id INT);\n")
    write_migration(target.migrations, "m2", "CREATE TABLE b (id INT);\n")
    for one in (target, _accepting(target)):
        found = expect(one, migration_status(one))
        assert found.finding is None
        assert found.before and list(found.before.tables) == ["a"]
        assert found.after and list(found.after.tables) == ["a", "b"]


def test_an_applied_migration_whose_script_is_gone_and_accepted_is_left_out(target, deployed):
    deployed(m0="SELECT 1;\n", m1="CREATE TABLE a (id INT);\n")
    (target.migrations / "m0" / "migration.sql").unlink()
    accepting = replace(target, policy=replace(target.policy, accepted=frozenset({"m0"})))
    found = expect(accepting, migration_status(accepting))
    assert found.finding is None
    assert found.before and list(found.before.tables) == ["a"]


def test_status_says_so_too_and_fetches_no_mysql_for_it(pushed, tmp_path):
    status = with_replay(pushed, migration_status(pushed))
    assert [finding.kind for finding in status.refused_findings] == ["does_not_replay"]
    assert status.state == "history_not_clean"
    assert with_replay(_accepting(pushed), migration_status(_accepting(pushed))).refusal() is None
    without = replace(pushed, tools=tmp_path / "none", mysqld=tmp_path / "no-mysqld")
    with pytest.raises(MysqlNotFoundError):
        with_replay(without, migration_status(without))
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("began", ["utf8mb4_unicode_ci", "latin1_bin"])
def test_a_migration_that_changes_the_databases_collation_is_no_drift_afterwards(target, deployed, began):
    run(target, f"ALTER DATABASE `{target.database}` COLLATE {began}")
    deployed(
        m0="CREATE TABLE `legacy` (`id` INT NOT NULL PRIMARY KEY, `v` VARCHAR(10));",
        m1="ALTER DATABASE CHARACTER SET utf8mb4 COLLATE utf8mb4_0900_ai_ci;",
        m2="CREATE TABLE `later` (`v` VARCHAR(10));",
    )
    write_migration(target.migrations, "m3", "ALTER TABLE `legacy` ADD COLUMN `n` VARCHAR(10);")
    found = expect(target, migration_status(target))
    assert found.before and compare(found.before, schema_of(target)) == []
    assert validate(target).schema_problems == []
    run(target, "ALTER TABLE `legacy` ADD COLUMN `n` VARCHAR(10)")
    assert found.after and compare(found.after, schema_of(target)) == []
    assert validate(target).schema_problems == ["table `legacy`, column `n`: unexpected"]


def test_a_baseline_too_knows_the_collation_that_the_database_began_with(target):
    made = "CREATE TABLE `legacy` (`id` INT NOT NULL PRIMARY KEY, `v` VARCHAR(10))"
    run(target, f"ALTER DATABASE `{target.database}` COLLATE utf8mb4_unicode_ci", made)
    write_migration(target.migrations, "m0", made)
    write_migration(target.migrations, "m1", "ALTER DATABASE COLLATE utf8mb4_0900_ai_ci;")
    write_migration(target.migrations, "m2", "CREATE TABLE `later` (`v` VARCHAR(10));")
    before = find_baseline(target, migration_status(target))
    assert before.is_exact and before.pending == ["m2"]
    run(target, f"ALTER DATABASE `{target.database}` COLLATE utf8mb4_0900_ai_ci")
    after = find_baseline(target, migration_status(target))
    assert after.is_exact and after.pending == ["m2"]
