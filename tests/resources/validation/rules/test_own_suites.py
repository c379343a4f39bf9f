"""The user's own rule files: good, bad, malformed, hostile."""

from __future__ import annotations

import json
import os
from dataclasses import replace

import pytest

from resources.errors import SettingsError
from resources.validation.rules.own_suites import load_own_suites
from resources.validation.validate import validate
from tests.resources.validation.conftest import SHOP, run, run_rules_on

GOOD = {
    "name": "paid orders",
    "description": "a paid order costs something",
    "sql": "SELECT status, COUNT(*) AS orders, MIN(total) AS least FROM `Order` GROUP BY status",
    "expectations": [
        {
            "type": "expect_column_values_to_be_in_set",
            "kwargs": {"column": "status", "value_set": ["NEW", "PAID"]},
        },
        {"type": "expect_column_min_to_be_between", "kwargs": {"column": "least", "min_value": 1}},
    ],
}


@pytest.fixture
def rules(tmp_path):
    """rules(content, …) → a folder with one file for each."""
    folder = tmp_path / "rules"
    folder.mkdir()

    def write(*contents):
        for number, content in enumerate(contents):
            text = content if isinstance(content, str) else json.dumps(content)
            (folder / f"rule{number}.json").write_text(text)
        return folder

    return write


@pytest.fixture
def shop(target, deployed):
    deployed(m1=SHOP)
    run(
        target,
        "INSERT INTO `User` (email) VALUES ('a')",
        "INSERT INTO `Order` (userId, total, status) VALUES (1, 5.50, 'NEW'), (1, 9, 'PAID')",
    )
    return target


def test_a_suite_that_holds_passes(shop, rules):
    report = validate(replace(shop, data_rules=rules(GOOD)))
    assert report.result.is_valid, report.result.inconsistencies
    mine = report.rule_results[-1]
    assert (mine.name, mine.status, mine.title) == ("paid orders", "pass", "a paid order costs something")
    assert sorted(mine.frame.rows) == [("NEW", 1, mine.frame.rows[0][2]), ("PAID", 1, mine.frame.rows[1][2])]


def test_a_suite_that_does_not_hold_fails_with_what_was_observed(shop, rules):
    run(shop, "INSERT INTO `Order` (userId, total) VALUES (1, 0)")
    report = validate(replace(shop, data_rules=rules(GOOD)))
    assert not report.result.is_valid
    (problem,) = report.rule_problems
    assert problem.startswith("paid orders: column min to be between")
    assert problem.endswith(": 0")


def test_a_warning_does_not_fail(shop, rules):
    content = GOOD | {
        "expectations": [
            {
                "type": "expect_column_values_to_be_in_set",
                "kwargs": {"column": "status", "value_set": ["NEW"]},
                "severity": "warning",
            }
        ]
    }
    mine = _last(shop, rules(content))
    assert mine.status == "warn"
    assert "1 of 2 unexpected: PAID" in mine.warnings[0]


@pytest.mark.parametrize(
    "expectation",
    [
        {"type": "expect_table_row_count_to_equal", "kwargs": {"value": 2}},
        {"type": "expect_column_sum_to_be_between", "kwargs": {"column": "orders", "max_value": 2}},
        {"type": "expect_column_values_to_not_be_null", "kwargs": {"column": "least"}},
        {"type": "expect_column_to_exist", "kwargs": {"column": "orders"}},
        {
            "type": "expect_column_pair_values_a_to_be_greater_than_b",
            "kwargs": {"column_A": "least", "column_B": "orders"},
        },
        {"type": "expect_column_values_to_match_regex", "kwargs": {"column": "status", "regex": "^[A-Z]+$"}},
    ],
)
def test_expectations_of_every_domain_work(shop, rules, expectation):
    mine = _last(shop, rules(GOOD | {"expectations": [expectation]}))
    assert mine.status == "pass", mine.problems


def _last(shop, folder):
    return list(run_rules_on(shop, rules=folder).values())[-1]


MALFORMED = {
    "not JSON": ("{", "it is not JSON"),
    "a list": ("[]", "one JSON object"),
    "not UTF-8": ('"\\ud800"', "one JSON object"),
    "no sql": ({k: v for k, v in GOOD.items() if k != "sql"}, "rule0.json: sql"),
    "an unknown key": (GOOD | {"querry": "x"}, "rule0.json: querry"),
    "no expectation": (GOOD | {"expectations": []}, "rule0.json: expectations"),
    "an expectation that is none": (GOOD | {"expectations": ["x"]}, "rule0.json: expectations[0]"),
    "an unknown type": (
        GOOD | {"expectations": [{"type": "expect_miracles", "kwargs": {}}]},
        "rule0.json: expectations[0].type",
    ),
    "a wrong argument": (
        GOOD
        | {"expectations": [GOOD["expectations"][0], {"type": "expect_column_to_exist", "kwargs": {"c": 1}}]},
        "rule0.json: expectations[1].kwargs",
    ),
    "a wrong severity": (
        GOOD | {"expectations": [GOOD["expectations"][0] | {"severity": "fatal"}]},
        "rule0.json: expectations[0].severity",
    ),
    "endless time": (GOOD | {"max_seconds": 1e9}, "rule0.json: max_seconds"),
    "a write": (GOOD | {"sql": "DELETE FROM `Order`"}, "must begin with SELECT"),
    "a write behind a comment": (GOOD | {"sql": "/* SELECT */ DROP TABLE `Order`"}, "must begin with SELECT"),
    "two statements": (GOOD | {"sql": "SELECT 1; DROP TABLE `Order`"}, "single statement"),
    "a file": (GOOD | {"sql": "SELECT 1 INTO OUTFILE '/x'"}, "INTO"),
    "a lock": (GOOD | {"sql": "SELECT * FROM `Order` FOR  UPDATE"}, "FOR UPDATE"),
    "hidden SQL": (GOOD | {"sql": "SELECT 1 /*!50000 INTO OUTFILE '/x' */"}, "/*!"),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_file_is_refused_naming_file_and_key(rules, name):
    content, said = MALFORMED[name]
    with pytest.raises(SettingsError) as caught:
        load_own_suites(rules(content))
    assert said in str(caught.value)
    assert "rule0.json" in caught.value.where


def test_two_files_of_one_name_are_refused(rules):
    with pytest.raises(SettingsError, match="cannot be used") as caught:
        load_own_suites(rules(GOOD, GOOD))
    assert "rule1.json: name" in caught.value.where


def test_a_fifo_in_the_folder_does_not_hang(rules):
    folder = rules()
    os.mkfifo(folder / "pipe.json")
    with pytest.raises(SettingsError, match="cannot be used"):
        load_own_suites(folder)


def test_words_inside_strings_are_not_taken_for_sql(rules):
    sql = "SELECT COUNT(*) AS n FROM t WHERE a = 'INTO; FOR UPDATE' -- ; INTO\n"
    assert load_own_suites(rules(GOOD | {"sql": sql}), check_expectations=False)


def test_a_query_that_the_server_refuses_fails_naming_the_file(shop, rules):
    mine = _last(shop, rules(GOOD | {"sql": "SELECT nothing FROM nowhere"}))
    assert mine.status == "fail"
    assert "1146" in mine.problems[0] and "rule0.json: sql" in mine.problems[0]


def test_an_expectation_on_a_column_that_is_not_there_fails(shop, rules):
    content = GOOD | {"sql": "SELECT COUNT(*) AS n FROM `Order`"}
    assert "could not be evaluated" in _last(shop, rules(content)).problems[0]


def test_a_query_that_is_too_slow_warns(shop, rules):
    slow = GOOD | {
        "sql": "SELECT COUNT(*) AS n FROM information_schema.columns a, information_schema.columns b",
        "max_seconds": 0.2,
    }
    mine = _last(shop, rules(slow))
    assert mine.status == "warn"
    assert mine.warnings == ["paid orders: not answered within 0.2 s"]


def test_rows_instead_of_aggregates_are_refused_in_bounded_memory(shop, rules):
    many = GOOD | {
        "sql": "SELECT 1 AS n FROM information_schema.collations a, information_schema.collations b",
    }
    results = list(run_rules_on(shop, rules=rules(many, GOOD | {"name": "next"})).values())
    assert "more than 10,000 rows" in results[-2].problems[0]
    assert results[-1].status == "pass"  # the connection is usable again


def test_a_function_that_writes_is_stopped_by_the_transaction(shop, rules, connection):
    run(shop, "SET GLOBAL log_bin_trust_function_creators = 1")
    run(
        shop,
        "CREATE FUNCTION sly() RETURNS INT BEGIN DELETE FROM `Order`; RETURN 1; END",
        "SET GLOBAL log_bin_trust_function_creators = 0",
    )
    assert "1792" in _last(shop, rules(GOOD | {"sql": "SELECT sly() AS n"})).problems[0]
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM `Order`")
        assert cursor.fetchone() == (2,)
