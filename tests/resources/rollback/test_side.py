"""The databases beside the user's one are found again, and covered by its grant, whatever it is called."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resources.journal import Journal
from resources.mysql.connection import connect, execute, rows
from resources.rollback.side import SideNames, drop_database, is_of_restore, leftovers
from tests.resources.rollback.conftest import Release


@pytest.mark.parametrize("length", [1, 40, 41, 44, 48, 49, 64])
@pytest.mark.parametrize("tag", ["ab12cd", "r12345678"])
def test_names_fit_are_told_apart_and_found_again(connection, length, tag):
    database, other = "d" * length, "d" * (length - 1) + "e"
    names = [SideNames.of(one, tag) for one in (database, other)]
    made = [name for one in names for name in (one.side, one.aside)]
    assert len({name[:64] for name in made}) == 4
    try:
        for name in made:
            execute(connection, f"CREATE DATABASE `{name}`")
        assert leftovers(connection, database) == sorted(made[:2])
    finally:
        for name in made:
            drop_database(connection, name)
    assert is_of_restore(made[0], database, "side") == (tag[0] == "r")
    assert not is_of_restore(made[1], database, "side")
    if length + len(tag) <= 54:
        assert all(name.startswith(f"{database}__dbsync_") for name in made[:2]), "what the grant covers"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["a%s%d 100%", "l" * 64, "m" * 44])
def test_a_database_of_any_name_is_rolled_back(server, target, clone, name):
    odd = replace(target, database=name)
    with server.connect() as admin:
        execute(admin, f"CREATE DATABASE `{name}`")
        try:
            execute(admin, f"CREATE TABLE `{name}`.`t%s` (id INT PRIMARY KEY, v INT)")
            execute(admin, f"INSERT INTO `{name}`.`t%s` VALUES (1, 1)")
            release = Release(odd, Journal(odd.storage), clone)
            release.migrate("ALTER TABLE `t%s` ADD COLUMN x INT")
            with connect(odd.endpoint, name) as user:
                execute(user, "INSERT INTO `t%s` (id) VALUES (2)")
            result = release.undo(accept_loss=True)
            assert rows(admin, f"SELECT * FROM `{name}`.`t%s`") == [(1, 1)]
            assert leftovers(admin, name) == [result.aside]
            assert rows(admin, f"SELECT id FROM `{result.aside}`.`t%s`") == [(1,), (2,)]
        finally:
            for one in (name, *leftovers(admin, name)):
                execute(admin, f"DROP DATABASE `{one}`")
