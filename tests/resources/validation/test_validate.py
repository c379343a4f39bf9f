"""The whole validation against a real server: what a person would be told."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from resources.errors import ConnectError, MigrationsFolderError
from resources.mysql.connection import connect, execute
from resources.mysql.digest import table_digests
from resources.validation.rules import auto_increment
from resources.validation.validate import validate
from tests.resources.validation.conftest import SHOP, run

ROWS = [
    "INSERT INTO `User` (email, name) VALUES ('a', 'A'), ('b', NULL), ('c', 'C')",
    "INSERT INTO `Order` (userId, total) VALUES (1, 5), (1, 6), (2, 7)",
]


@pytest.fixture
def shop(target, deployed):
    deployed(m1_shop=SHOP)
    run(target, *ROWS)
    return target


def _before(target):
    return table_digests(target.endpoint, target.database)


def test_a_clean_database_is_valid_and_the_report_is_written(shop):
    report = validate(shop, before=_before(shop))
    assert report.result.is_valid, report.result.inconsistencies
    assert report.result.warnings == []
    assert report.result.schema_version == "m1_shop"
    assert report.html_path and report.html_path.parent == shop.storage / "reports"
    assert "Valid: schema and data" in report.html_path.read_text()
    assert [rule.status for rule in report.rule_results] == ["pass", "pass", "skip", "skip", "pass"]
    json.dumps(report.as_dict())


def test_an_empty_database_without_history_is_valid(target):
    report = validate(target)
    assert report.result.is_valid
    assert report.result.schema_version == "empty"


def test_drift_by_hand_is_shown_element_by_element(shop):
    run(
        shop,
        "ALTER TABLE `User` MODIFY name TEXT, ADD COLUMN secret INT, DROP INDEX `User_email_key`",
        "CREATE TABLE by_hand (id INT)",
    )
    report = validate(shop)
    assert report.schema_problems == [
        "table `User`, column `name`: different",
        "table `User`, key `User_email_key`: missing",
        "table `User`, column `secret`: unexpected",
        "table `by_hand`: unexpected",
    ]
    assert not report.result.is_valid
    assert (report.differences[0].expected or "").startswith("varchar(191)")


def test_accepted_drift_only_warns_and_new_drift_still_fails(shop):
    run(shop, "ALTER TABLE `User` ADD COLUMN secret INT")
    drift = validate(shop).differences
    report = validate(shop, accepted_drift=drift)
    assert report.result.is_valid
    assert report.result.warnings == ["accepted drift: table `User`, column `secret`: unexpected"]
    run(shop, "ALTER TABLE `User` MODIFY COLUMN secret BIGINT")
    assert not validate(shop, accepted_drift=drift).result.is_valid


def test_pending_migrations_are_not_expected_yet(shop, target):
    (target.migrations / "m2_later").mkdir()
    (target.migrations / "m2_later" / "migration.sql").write_text("CREATE TABLE later (id INT);")
    assert validate(shop).result.is_valid


def test_an_applied_migration_whose_folder_is_gone_is_an_inconsistency(shop):
    run(
        shop,
        "INSERT INTO _prisma_migrations (id, checksum, migration_name, started_at, finished_at)"
        " VALUES (UUID(), REPEAT('a', 64), 'm0_gone', NOW(3), NOW(3))",
    )
    report = validate(shop)
    assert not report.result.is_valid
    assert any("m0_gone" in problem for problem in report.schema_problems)
    accepted = replace(shop, policy=replace(shop.policy, accepted=frozenset({"m0_gone"})))
    assert validate(accepted).result.is_valid


def test_rows_that_vanished_fail_and_are_counted(shop):
    before = _before(shop)
    run(shop, "DELETE FROM `Order` WHERE id > 1")
    report = validate(shop, before=before)
    assert report.rule_problems == [
        "`Order` had 3 rows before and has 1 now; on purpose: dbsync deploy --accept-fewer-rows Order"
    ]
    assert not report.result.is_valid


def test_orphans_written_without_checks_are_found(shop):
    run(
        shop,
        "SET foreign_key_checks = 0",
        "INSERT INTO `Order` (userId, total) VALUES (99, 1), (99, 2), (98, 3)",
    )
    report = validate(shop)
    assert report.rule_problems == [
        "`Order`: rows without their `User`: 3 (foreign key `Order_userId_fkey`)",
    ]


def test_validation_writes_nothing_to_the_database(shop, connection):
    def position():
        with connection.cursor() as cursor:
            cursor.execute("SHOW BINARY LOG STATUS")
            return cursor.fetchone()

    before = position()
    validate(shop, before=_before(shop))
    assert position() == before


def test_names_with_every_kind_of_quote_pass_through_all_rules(target, deployed):
    script = """
    CREATE TABLE `p``%s'";<b>` (`i``d %` INT AUTO_INCREMENT PRIMARY KEY, `u%s` VARCHAR(9), UNIQUE (`u%s`));
    CREATE TABLE `c'%` (id INT PRIMARY KEY, `f``%d` INT NOT NULL,
      FOREIGN KEY (`f``%d`) REFERENCES `p``%s'";<b>` (`i``d %`));
    """
    deployed(m=script)
    run(
        target,
        "SET foreign_key_checks = 0",
        "INSERT INTO `c'%` VALUES (1, 5)",
        "ALTER TABLE `c'%` MODIFY `f``%d` INT NULL",
    )
    report = validate(target, before=_before(target))
    assert len(report.rule_problems) == 1
    assert "rows without their" in report.rule_problems[0]
    assert report.html_path
    html = report.html_path.read_text()
    assert "<b>`" not in html and "&lt;b&gt;" in html


def test_rules_take_less_than_a_second_on_a_small_database(shop):
    validate(shop)
    begun = time.monotonic()
    report = validate(shop, before=_before(shop))
    assert report.seconds["rules"] < 1
    assert time.monotonic() - begun < 3


def test_a_connection_that_is_lost_is_told_as_such(shop, monkeypatch):
    def collect(scope):
        with connect(shop.endpoint) as other:
            execute(other, "KILL %s", (scope.scan.connection.thread_id(),))
        return auto_increment.Frame((), [(scope.scan.value("SELECT 1"),)])

    monkeypatch.setattr(auto_increment, "collect", collect)
    with pytest.raises(ConnectError, match="lost while validating"):
        validate(shop)


def test_a_database_that_was_never_baselined_shows_all_its_tables(target):
    run(target, "CREATE TABLE found (id INT)")
    assert validate(target).schema_problems == ["table `found`: unexpected"]


@pytest.mark.slow
def test_a_server_in_ansi_mode_is_read_like_any_other(target, make_server):
    ansi = make_server(tcp=True, variables={"sql_mode": "ANSI_QUOTES"})
    with ansi.connect() as admin:
        execute(admin, f"CREATE DATABASE `{target.database}`")
    there = replace(target, endpoint=ansi.tcp_endpoint)
    run(there, 'CREATE TABLE "found" ("id" INT NOT NULL, "say" VARCHAR(9) DEFAULT \'x\')')
    report = validate(there)
    (difference,) = report.differences
    assert difference.object == "table `found`"
    assert "`say` varchar(9)" in (difference.actual or "")


def test_a_folder_without_a_prisma_project_is_refused_and_not_called_valid(target, tmp_path):
    with pytest.raises(MigrationsFolderError, match="no Prisma project"):
        validate(replace(target, migrations=tmp_path / "elsewhere" / "migrations"))
