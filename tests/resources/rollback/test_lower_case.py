"""The URL may spell a database as the server does not: lower_case_table_names = 1."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resources.backup.make import make_full_backup
from resources.errors import RollbackRefusedError
from resources.journal import Journal
from resources.mysql.connection import connect, execute, rows, value
from resources.rollback.restore import restore_backup
from resources.rollback.side import leftovers
from tests.conftest import TEST_SERVER
from tests.resources.rollback.conftest import Release, clones_of

pytestmark = pytest.mark.slow

FOLDING = {"lower_case_table_names": "1"}


@pytest.fixture
def folding(make_server, target):
    """A target whose URL says `Shop` on a server that has `shop`."""
    server = make_server(tcp=True, variables=TEST_SERVER, init_variables=FOLDING)
    with server.connect() as admin:
        execute(admin, "CREATE DATABASE Shop")
        execute(admin, "CREATE TABLE Shop.Item (id INT PRIMARY KEY, v INT)")
        execute(admin, "INSERT INTO Shop.Item VALUES (1, 10)")
    return server, replace(target, endpoint=server.tcp_endpoint, database="Shop")


@pytest.fixture
def release(folding, installation):
    server, target = folding
    with clones_of(installation, server, **FOLDING) as clone:
        yield Release(target, Journal(target.storage), clone)


def test_rows_that_a_migration_changed_come_back_whatever_the_case_of_its_names(folding, release):
    _, target = folding
    release.migrate("UPDATE ITEM SET v = 11", "INSERT INTO `SHOP`.Item VALUES (2, 2)")
    result = release.undo()
    assert (result.outcome, result.tables) == ("rolled_back", ("item",))
    with connect(target.endpoint) as connection:
        assert rows(connection, "SELECT * FROM shop.item") == [(1, 10)]
        assert leftovers(connection, "shop") == []


def test_users_rows_are_seen_whatever_the_case_of_the_database(folding, release):
    _, target = folding
    release.migrate("ALTER TABLE Item ADD COLUMN x INT")
    with connect(target.endpoint, "Shop") as connection:
        execute(connection, "INSERT INTO Item (id) VALUES (7)")
    with pytest.raises(RollbackRefusedError, match="would lose") as refused:
        release.undo()
    assert "`item`: 1 inserted" in refused.value.why


def test_a_backup_is_restored_under_the_name_that_the_server_has(folding):
    server, target = folding
    backup = make_full_backup(target).manifest
    with server.connect() as admin:
        execute(admin, "DROP TABLE shop.item")
        result = restore_backup(target, backup.id)
        assert value(admin, "SELECT v FROM shop.item") == 10
        assert result.aside == ""  # the table was gone, so nothing was replaced
        assert leftovers(admin, "shop") == []
