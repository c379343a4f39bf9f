"""The whole validation against a real server: what a person would be told."""

from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from resources.mysql.connection import value
from resources.mysql.digest import TableDigest, table_digests
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
    assert report.differences[0].expected.startswith("varchar(191)")


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
    assert report.rule_problems == ["`Order` had 3 rows before and has 1 now"]
    assert not report.result.is_valid


def test_a_small_fall_warns_without_and_fails_with_the_binlog_counted(shop):
    before = _before(shop) | {"Order": TableDigest(rows=3, checksum=0)}
    before["User"] = TableDigest(rows=3, checksum=0)
    run(
        shop,
        "INSERT INTO `Order` (userId, total) SELECT 1, 1 FROM `Order` a, `Order` b, `Order` c, `Order` d"
        ", `Order` e",
    )
    before["Order"] = TableDigest(rows=3 + 243 + 1, checksum=0)  # one of 247 is gone
    report = validate(shop, before=before)
    assert report.result.is_valid
    assert report.result.warnings == ["`Order` had 247 rows before and has 246 now"]
    assert not validate(shop, before=before, changed_by_others={}).result.is_valid
    assert validate(shop, before=before, changed_by_others={"Order": -1}).result.warnings == []


def test_a_table_that_the_migrations_drop_did_not_lose_rows(shop):
    before = _before(shop) | {"Dropped": TableDigest(rows=9, checksum=1)}
    report = validate(shop, before=before)
    assert report.result.is_valid
    assert any("`Dropped` (9 rows)" in note for note in report.rule_results[0].notes)


def test_orphans_written_without_checks_are_found(shop):
    run(
        shop,
        "SET foreign_key_checks = 0",
        "INSERT INTO `Order` (userId, total) VALUES (99, 1), (99, 2), (98, 3)",
    )
    report = validate(shop)
    assert report.rule_problems == [
        "`Order`: 3 rows have no `User` (foreign key `Order_userId_fkey`)",
    ]


def test_nulls_in_a_column_that_should_be_required_are_found(shop):
    run(
        shop,
        "ALTER TABLE `Order` MODIFY total DECIMAL(10,2) NULL",
        "UPDATE `Order` SET total = NULL WHERE id = 1",
    )
    report = validate(shop)
    assert report.rule_problems == ["`Order`.`total` is required and holds 1 NULLs"]
    assert report.schema_problems == ["table `Order`, column `total`: different"]


def test_duplicates_under_a_unique_key_that_is_gone_are_found(shop):
    run(shop, "DROP INDEX `User_email_key` ON `User`", "UPDATE `User` SET email = 'same' WHERE id < 3")
    report = validate(shop)
    assert report.rule_problems == [
        "`User`: 1 values occur more than once under the unique key `User_email_key` (`email`)"
    ]


@pytest.mark.parametrize(
    ("used", "valid", "warned"), [(100, True, 0), (120, True, 1), (121, False, 0), (127, False, 0)]
)
def test_auto_increment_headroom_of_a_tinyint(target, deployed, used, valid, warned):
    deployed(m="CREATE TABLE t (id TINYINT AUTO_INCREMENT PRIMARY KEY);")
    run(target, f"INSERT INTO t VALUES ({used})")
    report = validate(target)
    assert report.result.is_valid is valid
    assert len(report.result.warnings) == warned
    if not valid:
        assert f"{used} of 127" in report.rule_problems[0]


def test_what_the_server_enforces_is_not_scanned_and_that_is_said(shop):
    notes = [note for rule in validate(shop).rule_results for note in rule.notes]
    assert "8 required columns not scanned: NOT NULL is enforced by the server" in notes
    assert "3 unique keys not scanned: they exist, so the server enforces them" in notes


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
    assert "1 rows have no" in report.rule_problems[0]
    html = report.html_path.read_text()
    assert "<b>`" not in html and "&lt;b&gt;" in html


def test_rules_take_less_than_a_second_on_a_small_database(shop):
    validate(shop)
    begun = time.monotonic()
    report = validate(shop, before=_before(shop))
    assert report.seconds["rules"] < 1
    assert time.monotonic() - begun < 3


def test_the_session_cannot_write_while_rules_run(shop, monkeypatch):
    import pymysql

    from resources.validation.rules import auto_increment

    seen = []

    def collect(scope):
        for sql in ("DROP TABLE `Order`", "DELETE FROM `Order`", "CREATE TABLE x (id INT)"):
            with pytest.raises(pymysql.err.OperationalError, match="READ ONLY"):
                scope.scan.rows(sql)
            seen.append(sql)
        return auto_increment.Frame(("share",))

    monkeypatch.setattr(auto_increment, "collect", collect)
    validate(shop)
    assert len(seen) == 3
    with_rows = validate(shop, before=_before(shop)).rule_results[0].frame.rows
    assert [row[0] for row in with_rows] == ["Order", "User"]


def test_a_query_that_takes_too_long_is_given_up_and_said(shop, monkeypatch):
    from resources.validation.rules.scan import Scan, TooSlowError

    del monkeypatch
    from resources.mysql.connection import connect

    with connect(shop.endpoint, shop.database) as connection:
        scan = Scan(connection, query_seconds=0.2)
        begun = time.monotonic()
        with pytest.raises(TooSlowError):
            scan.rows("SELECT COUNT(*) FROM information_schema.columns a, information_schema.columns b")
        assert time.monotonic() - begun < 2
        assert scan.value("SELECT 5") == 5
        scan.seconds_left = 0
        with pytest.raises(TooSlowError, match="used up"):
            scan.rows("SELECT 1")
        assert value(connection, "SELECT 6") == 6
