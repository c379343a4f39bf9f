"""The rows of the shop: as many as asked for, the same every time, and consistent among themselves."""

from __future__ import annotations

import pytest

from examples.shop import seed as module
from examples.shop.seed import seed
from resources.mysql.connection import quoted, rows, value


def counts(connection) -> dict[str, int]:
    names = [name for (name,) in rows(connection, "SHOW TABLES")]
    return {name: value(connection, f"SELECT COUNT(*) FROM {quoted(name)}") for name in names}


def checksums(connection) -> dict[str, int]:
    return {name: rows(connection, f"CHECKSUM TABLE {quoted(name)}")[0][1] for name in counts(connection)}


def test_it_makes_what_it_says_and_at_least_what_was_asked(make_shop):
    connection = make_shop(rows=0)
    made = seed(connection, 1_000)
    assert made == counts(connection)
    assert sum(made.values()) >= 1_000


@pytest.mark.slow
def test_the_default_is_two_hundred_thousand_rows(make_shop):
    connection = make_shop(rows=0)
    seed(connection)
    assert sum(counts(connection).values()) == 200_000


def test_the_same_number_gives_the_same_rows(seeded, make_shop, monkeypatch):
    whole = checksums(seeded)
    # The size of the transactions must not show in the rows.
    monkeypatch.setattr(module, "CHUNK", 77)
    assert checksums(make_shop()) == whole


def test_every_foreign_key_has_its_parent(seeded):
    connection = seeded
    keys = rows(
        connection,
        "SELECT table_name, column_name, referenced_table_name, referenced_column_name"
        " FROM information_schema.key_column_usage"
        " WHERE table_schema = DATABASE() AND referenced_table_name IS NOT NULL",
    )
    assert len(keys) >= 12
    for table, column, parent, parent_column in keys:
        orphans = value(
            connection,
            f"SELECT COUNT(*) FROM {quoted(table)} c LEFT JOIN {quoted(parent)} p"
            f" ON p.{quoted(parent_column)} = c.{quoted(column)}"
            f" WHERE c.{quoted(column)} IS NOT NULL AND p.{quoted(parent_column)} IS NULL",
        )
        assert orphans == 0, (table, column)


def test_every_order_has_lines_costs_what_they_cost_and_was_paid_in_full(seeded):
    connection = seeded
    wrong = rows(
        connection,
        "SELECT o.id, o.total, SUM(i.quantity * i.unit_price) FROM orders o"
        " LEFT JOIN order_items i ON i.order_id = o.id LEFT JOIN Coupon c ON c.id = o.coupon_id GROUP BY o.id"
        " HAVING o.total <> ROUND(SUM(i.quantity * i.unit_price)"
        " * (1 - COALESCE(MAX(c.percent), 0) / 100), 2)"
        " OR COUNT(i.id) = 0",
    )
    assert not wrong
    unpaid = "SELECT COUNT(*) FROM orders o LEFT JOIN Payment p ON p.orderId = o.id WHERE "
    assert value(connection, unpaid + "o.status <> 'PENDING' AND NOT p.amount <=> o.total") == 0
    assert value(connection, unpaid + "o.status = 'PENDING' AND p.id IS NOT NULL") == 0


def test_the_rows_are_of_every_kind_that_backups_get_wrong(seeded):
    connection = seeded
    assert value(connection, "SELECT COUNT(*) FROM Customer WHERE name LIKE '%佐藤%'") > 0
    assert value(connection, "SELECT COUNT(*) FROM Customer WHERE preferences->>'$.note' LIKE '%🎁%'") > 0
    assert value(connection, "SELECT COUNT(*) FROM Product WHERE LENGTH(thumbhash) = 20") > 0
    assert value(connection, "SELECT COUNT(*) FROM Product WHERE attributes IS NULL OR weight IS NULL") > 0
    assert value(connection, "SELECT COUNT(DISTINCT status) FROM orders") == 5
    assert value(connection, "SELECT COUNT(*) FROM orders WHERE coupon_id IS NOT NULL") > 0
    assert (
        value(connection, "SELECT COUNT(*) FROM audit_events WHERE MICROSECOND(occurred_at) % 1000 <> 0") > 0
    )


def test_the_session_is_left_as_it_was(make_shop):
    connection = make_shop(rows=0)
    ask = "SELECT @@foreign_key_checks, @@unique_checks, @@cte_max_recursion_depth"
    before = rows(connection, ask)
    seed(connection, 1_000)
    assert rows(connection, ask) == before
