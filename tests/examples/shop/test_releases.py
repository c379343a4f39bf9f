"""What the two releases of the demo do to real rows."""

from __future__ import annotations

import re

import pymysql
import pytest

from resources.mysql.connection import rows, value
from resources.prisma.folder import read_migrations
from tests.examples.shop.conftest import BAD, MIGRATIONS, PENDING, SHOP, run_script


def test_the_folder_is_one_that_prisma_wrote():
    found = read_migrations(SHOP / "prisma" / "migrations")
    assert [migration.name for migration in found] == [folder.name for folder in MIGRATIONS]
    assert len(found) >= 6 + PENDING
    assert all(re.fullmatch(r"\d{14}_[a-z_]+", folder.name) for folder in [*MIGRATIONS, *BAD])
    assert BAD[0].name > MIGRATIONS[-1].name


def test_the_good_release_applies_to_real_rows_and_computes_from_them(make_shop):
    connection = make_shop()
    for folder in MIGRATIONS[-PENDING:]:
        run_script(connection, folder)
    wrong = value(
        connection,
        "SELECT COUNT(*) FROM Customer c WHERE loyaltyPoints <> COALESCE((SELECT FLOOR(SUM(total) / 10)"
        " FROM orders o WHERE o.customer_id = c.id AND o.status = 'DELIVERED'), 0)",
    )
    assert wrong == 0
    assert value(connection, "SELECT SUM(loyaltyPoints) FROM Customer") > 0
    assert value(connection, "SELECT COUNT(*) FROM orders WHERE status = ''") == 0


def test_the_bad_release_fails_at_its_last_statement_after_the_others_were_committed(make_shop):
    connection = make_shop(migrations=MIGRATIONS)
    with pytest.raises(pymysql.err.IntegrityError) as refused:
        run_script(connection, BAD[0])
    assert refused.value.args[0] == 1062
    # The half migrated state that Prisma leaves, and that must be put back.
    assert value(connection, "SELECT COUNT(*) FROM Customer WHERE phoneDigits REGEXP '^[0-9]+$'") > 100
    assert value(connection, "SELECT COUNT(*) FROM PhoneVerification") == 0
    assert not rows(connection, "SHOW INDEX FROM Customer WHERE Key_name = 'Customer_phoneDigits_key'")
    duplicates = (
        "SELECT COUNT(*) FROM (SELECT 1 FROM Customer GROUP BY phoneDigits HAVING COUNT(phoneDigits) > 1) d"
    )
    assert value(connection, duplicates) > 5
    # They are only seen once the numbers are compared by their digits.
    assert value(connection, duplicates.replace("phoneDigits", "phone")) == 0


def test_without_the_shared_telephones_it_would_have_passed(make_shop):
    connection = make_shop(rows=0, migrations=MIGRATIONS)
    run_script(connection, BAD[0])
    assert len(rows(connection, "SHOW INDEX FROM Customer WHERE Key_name = 'Customer_phoneDigits_key'")) == 1
