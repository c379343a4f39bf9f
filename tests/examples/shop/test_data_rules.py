"""The shop's own data rules: they hold on its rows, and see what they are there to see."""

from __future__ import annotations

import pytest

from resources.mysql.connection import execute, value
from resources.mysql.schema import read_schema
from resources.validation.rules.own_suites import load_own_suites
from resources.validation.rules.run import run_rules
from resources.validation.rules.scan import Scan
from resources.validation.rules.scope import Scope
from tests.examples.shop.conftest import BASE, MIGRATIONS, SHOP

RULES = SHOP / "data-rules"


def verdicts(connection) -> dict[str, str]:
    database = value(connection, "SELECT DATABASE()")
    schema = read_schema(connection, database)
    found = run_rules(Scope(Scan(connection), database, schema, schema), RULES)
    return {result.name: result.status for result in found}


@pytest.mark.parametrize("migrations", [BASE, MIGRATIONS], ids=["before", "after"])
def test_every_rule_holds_before_and_after_the_good_release(make_shop, migrations):
    found = verdicts(make_shop(migrations=migrations))
    assert set(found) >= {own.suite.name for own in load_own_suites(RULES)}
    assert set(found.values()) <= {"pass", "skip"}, found


@pytest.mark.parametrize(
    ("damage", "rule"),
    [
        ("UPDATE orders SET total = total + 5 WHERE id LIKE '%7'", "order totals"),
        ("UPDATE orders SET total = -1 WHERE status = 'PAID' LIMIT 1", "orders"),
        ("UPDATE Review SET rating = 6 WHERE id = 3", "reviews"),
    ],
)
def test_a_rule_fails_on_what_it_is_there_to_see(make_shop, damage, rule):
    connection = make_shop(rows=1_000)
    execute(connection, damage)
    assert verdicts(connection)[rule] == "fail"
