"""The five built-in rules against a real server, each with what it must find and what it must leave alone."""

from __future__ import annotations

import time

import pymysql
import pytest

from resources.mysql.connection import connect, value
from resources.mysql.digest import TableDigest, table_digests
from resources.validation.rules import auto_increment
from resources.validation.rules.auto_increment import largest_value
from resources.validation.rules.scan import NotAnAggregateError, Scan, TooSlowError
from tests.resources.validation.conftest import SHOP, run, run_rules_on, schema_of


@pytest.fixture
def shop(target, deployed):
    deployed(m1_shop=SHOP)
    run(
        target,
        "INSERT INTO `User` (email, name) VALUES ('a', 'A'), ('b', NULL), ('c', 'C')",
        "INSERT INTO `Order` (userId, total) VALUES (1, 5), (1, 6), (2, 7)",
    )
    return target


def _before(target):
    return table_digests(target.endpoint, target.database)


# --- row_counts


def test_a_small_fall_warns_while_nobody_counted_the_users_writes(shop):
    run(
        shop,
        "INSERT INTO `Order` (userId, total) SELECT 1, 1 FROM `Order` a, `Order` b, `Order` c, `Order` d",
    )
    run(shop, "INSERT INTO `Order` (userId, total) SELECT 1, 1 FROM `Order` a LIMIT 66")
    before = _before(shop) | {"Order": TableDigest(rows=151, checksum=0)}  # one of 151 is gone
    found = run_rules_on(shop, before=before)["row_counts"]
    assert found.status == "warn"
    assert found.warnings == [
        "`Order` had 151 rows before and has 150 now; on purpose: dbsync deploy --accept-fewer-rows Order"
    ]


def test_with_the_binlog_counted_every_missing_row_that_no_user_deleted_fails(shop):
    before = _before(shop) | {"Order": TableDigest(rows=1000, checksum=0)}
    run(shop, "DELETE FROM `Order` WHERE id = 1")
    assert run_rules_on(shop, before=before, others={"Order": -998})["row_counts"].status == "pass"
    assert run_rules_on(shop, before=before, others={"Order": -997})["row_counts"].status == "fail"


def test_an_emptied_table_fails_however_small(shop):
    before = _before(shop)
    run(shop, "DELETE FROM `Order`")
    assert run_rules_on(shop, before=before)["row_counts"].problems == [
        "`Order` had 3 rows before and has 0 now; on purpose: dbsync deploy --accept-fewer-rows Order"
    ]


def test_a_table_that_the_migrations_drop_did_not_lose_rows(shop):
    before = _before(shop) | {"Dropped": TableDigest(rows=9, checksum=1)}
    found = run_rules_on(shop, before=before)["row_counts"]
    assert found.status == "pass"
    assert found.notes == ["`Dropped` (9 rows): dropped or renamed by the migrations"]


def test_a_table_that_is_gone_though_expected_lost_all_its_rows(shop):
    expected, before = schema_of(shop), _before(shop)
    run(shop, "DROP TABLE `Order`")
    assert run_rules_on(shop, expected, before=before)["row_counts"].status == "fail"


def test_without_a_backup_of_the_run_nothing_is_counted(shop):
    assert run_rules_on(shop)["row_counts"].status == "skip"


# --- orphans


def test_orphans_are_found_though_their_foreign_key_is_gone(shop):
    expected = schema_of(shop)
    run(
        shop,
        "ALTER TABLE `Order` DROP FOREIGN KEY `Order_userId_fkey`",
        "INSERT INTO `Order` (userId, total) VALUES (99, 1), (99, 2), (98, 3)",
    )
    assert run_rules_on(shop, expected)["orphans"].problems == [
        "`Order`: rows without their `User`: 3 (foreign key `Order_userId_fkey`)"
    ]


def test_a_key_with_a_null_in_it_has_no_parent_to_have(target, deployed):
    deployed(
        m="CREATE TABLE p (a INT, b INT, PRIMARY KEY (a, b));"
        "CREATE TABLE c (id INT PRIMARY KEY, a INT, b INT, FOREIGN KEY (a, b) REFERENCES p (a, b));"
    )
    run(
        target,
        "INSERT INTO p VALUES (1, 1)",
        "SET foreign_key_checks = 0",
        "INSERT INTO c VALUES (1, 1, 1), (2, 1, NULL), (3, NULL, 9), (4, 1, 9)",
    )
    assert run_rules_on(target)["orphans"].problems == [
        "`c`: rows without their `p`: 1 (foreign key `c_ibfk_1`)"
    ]


def test_a_parent_that_is_gone_is_left_to_the_schema_comparison(shop):
    expected = schema_of(shop)
    run(shop, "SET foreign_key_checks = 0", "DROP TABLE `User`")
    found = run_rules_on(shop, expected)["orphans"]
    assert found.status == "skip"
    assert "is not there" in found.notes[0]


# --- required_columns, unique_keys


def test_nulls_in_a_column_that_should_be_required_are_found(shop):
    expected = schema_of(shop)
    run(
        shop,
        "ALTER TABLE `Order` MODIFY total DECIMAL(10,2) NULL, MODIFY status VARCHAR(9) NULL",
        "UPDATE `Order` SET total = NULL WHERE id < 3",
    )
    assert run_rules_on(shop, expected)["required_columns"].problems == [
        "`Order`.`total` is required; NULLs in it: 2"
    ]


def test_duplicates_under_a_unique_key_that_is_gone_are_found(shop):
    expected = schema_of(shop)
    run(shop, "DROP INDEX `User_email_key` ON `User`", "UPDATE `User` SET email = 'same' WHERE id < 3")
    assert run_rules_on(shop, expected)["unique_keys"].problems == [
        "`User`: values that occur more than once under the unique key `User_email_key` (`email`): 1"
    ]


def test_unique_keys_on_prefixes_expressions_and_nulls_are_counted_as_the_server_would(target, deployed):
    deployed(
        m="CREATE TABLE t (id INT PRIMARY KEY, a VARCHAR(20), b VARCHAR(20),"
        " UNIQUE KEY pre (a(2)), UNIQUE KEY fun ((UPPER(b)) DESC));"
    )
    expected = schema_of(target)
    run(
        target,
        "ALTER TABLE t DROP KEY pre, DROP KEY fun",
        "INSERT INTO t VALUES (1, 'abc', 'x'), (2, 'abd', 'X'), (3, 'b', NULL)",
        "INSERT INTO t VALUES (4, NULL, NULL), (5, NULL, 'y')",
    )
    found = run_rules_on(target, expected)["unique_keys"].frame.rows
    assert sorted((row[1], row[3]) for row in found) == [("key `fun`", 1), ("key `pre`", 1)]


def test_what_the_server_enforces_is_not_scanned_and_that_is_said(shop):
    found = run_rules_on(shop)
    assert found["required_columns"].notes == [
        "6 required columns not scanned: NOT NULL is enforced by the server"
    ]
    assert found["unique_keys"].notes == [
        "3 unique keys not scanned: they exist, so the server enforces them"
    ]
    assert {found["required_columns"].status, found["unique_keys"].status} == {"skip"}


# --- auto_increment


@pytest.mark.parametrize(("used", "status"), [(100, "pass"), (120, "warn"), (121, "fail"), (127, "fail")])
def test_auto_increment_headroom_of_a_tinyint(target, deployed, used, status):
    deployed(m="CREATE TABLE t (id TINYINT AUTO_INCREMENT PRIMARY KEY);")
    run(target, f"INSERT INTO t VALUES ({used})")
    found = run_rules_on(target)["auto_increment"]
    assert found.status == status
    # What fails is not said a second time as a warning.
    assert len(found.problems) + len(found.warnings) == (0 if status == "pass" else 1)


def test_the_largest_counter_of_each_type():
    assert largest_value("tinyint", unsigned=False) == 127
    assert largest_value("mediumint", unsigned=True) == 16777215
    assert largest_value("bigint", unsigned=True) == 2**64 - 1
    assert largest_value("double", unsigned=False) == 2**53


# --- bounds


def test_the_session_of_the_rules_cannot_write(shop, monkeypatch):
    refused = []

    def collect(scope):
        for sql in ("DROP TABLE `Order`", "DELETE FROM `Order`", "CREATE TABLE x (id INT)"):
            with pytest.raises(pymysql.err.OperationalError, match="READ ONLY"):
                scope.scan.rows(sql)
            refused.append(sql)
        return auto_increment.Frame(("share",))

    monkeypatch.setattr(auto_increment, "collect", collect)
    run_rules_on(shop)
    assert len(refused) == 3
    assert list(schema_of(shop).tables) == ["Order", "User", "_prisma_migrations"]


def test_a_query_that_takes_too_long_is_given_up_and_the_next_one_works(shop):
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


def test_an_answer_that_is_no_aggregate_is_refused_even_with_a_limit_of_its_own(shop):
    many = "SELECT 1 FROM information_schema.collations a, information_schema.collations b"
    with connect(shop.endpoint, shop.database) as connection:
        scan = Scan(connection)
        for sql in (many, f"{many} LIMIT 60000"):
            with pytest.raises(NotAnAggregateError):
                scan.rows(sql)
        assert scan.value("SELECT 5") == 5


def test_a_rule_that_could_not_look_warns_and_does_not_pass(shop, monkeypatch):
    monkeypatch.setattr(Scan, "value", _too_slow)
    found = run_rules_on(shop, before=_before(shop))
    assert {found["row_counts"].status, found["orphans"].status} == {"warn"}
    assert found["orphans"].warnings == ["`Order`.`Order_userId_fkey`: orphans not counted (slow)"]


def _too_slow(self, sql, arguments=None):
    raise TooSlowError("slow")
