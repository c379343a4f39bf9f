"""A foreign key without a name has an index that is called after its column, and keeps it."""

from __future__ import annotations

import pytest

from resources.mysql.connection import execute, rows
from resources.rollback.side import leftovers

pytestmark = pytest.mark.slow


@pytest.fixture
def unnamed(shop, target):
    """Children of `old` that stay where they are: one key, two keys on one column, two columns, afar."""
    other = f"{target.database}__other"
    execute(shop, "ALTER TABLE old ADD COLUMN w INT NOT NULL DEFAULT 0, ADD UNIQUE KEY pair (id, w)")
    execute(shop, "CREATE TABLE prod (id INT PRIMARY KEY, c INT, FOREIGN KEY (c) REFERENCES old (id))")
    execute(
        shop,
        "CREATE TABLE twice (c INT, FOREIGN KEY (c) REFERENCES old (id),"
        " FOREIGN KEY (c) REFERENCES parent (id))",
    )
    execute(shop, "CREATE TABLE wide (c INT, w INT, FOREIGN KEY (c, w) REFERENCES old (id, w))")
    execute(shop, f"CREATE DATABASE `{other}`")
    execute(
        shop,
        f"CREATE TABLE `{other}`.far (c INT, FOREIGN KEY (c) REFERENCES `{target.database}`.old (id))",
    )
    yield other
    execute(shop, f"DROP DATABASE `{other}`")


def test_the_indexes_of_unnamed_keys_are_called_as_before(shop, target, world, release, unnamed):
    before, far = world(), rows(shop, f"SHOW CREATE TABLE `{unnamed}`.far")
    assert "KEY `c` (`c`)" in before.schema.tables["prod"]
    deployment = release()
    deployment.migrate("ALTER TABLE old ADD COLUMN x INT")
    assert deployment.undo().tables == ("old",)
    assert world() == before
    assert rows(shop, f"SHOW CREATE TABLE `{unnamed}`.far") == far
    assert leftovers(shop, target.database) == []
    with pytest.raises(Exception, match="foreign key constraint fails"):
        execute(shop, "INSERT INTO prod VALUES (1, 99)")
