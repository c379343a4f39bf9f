"""FAULTS row: each missing privilege is listed with the exact GRANT, and running those makes it pass."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import uuid4

import pytest

from resources.doctor.grants import DATABASE_PRIVILEGES
from resources.doctor.privileges import Missing, missing_for_dump, missing_privileges
from resources.doctor.run import run_doctor
from resources.mysql.connection import connect, execute, rows
from resources.mysql.endpoint import Endpoint

Account = Callable[..., Endpoint]


@pytest.fixture
def account(server) -> Iterator[Account]:
    """A factory of accounts that have exactly the given grants; `{user}` stands for the account."""
    made: list[str] = []

    def make(*grants: str) -> Endpoint:
        name = f"u_{uuid4().hex[:10]}"
        made.append(name)
        with server.connect() as admin:
            execute(admin, f"CREATE USER '{name}'@'%' IDENTIFIED BY 'secret-pw-1'")
            for grant in grants:
                execute(admin, grant.replace("{user}", f"'{name}'@'%'"))
        return replace(server.tcp_endpoint, user=name, password="secret-pw-1")

    yield make
    with server.connect() as admin:
        for name in made:
            execute(admin, f"DROP USER '{name}'@'%'")


def _missing(endpoint: Endpoint, database: str, engine: str = "auto") -> list[Missing]:
    with connect(endpoint) as session:
        return missing_privileges(session, database, engine)


def _grant(server, missing: list[Missing]) -> None:
    with server.connect() as admin:
        for statement in dict.fromkeys(one.grant for one in missing):
            execute(admin, statement)


@pytest.mark.parametrize("engine", ["auto", "clone", "mysqldump"])
def test_an_account_without_any_privilege_gets_them_all_by_the_printed_grants(
    server, database, account, engine
):
    endpoint = account()
    missing = _missing(endpoint, database, engine)
    assert {one.privilege for one in missing if database.replace("_", "\\_") in one.scope} >= set(
        DATABASE_PRIVILEGES
    )
    everywhere = {one.privilege for one in missing if one.scope == "*.*"}
    assert {"PROCESS", "REPLICATION CLIENT", "REPLICATION SLAVE", "REPLICATION_APPLIER"} <= everywhere
    assert ("BACKUP_ADMIN" in everywhere) == (engine == "clone")
    assert ({"RELOAD", "SHOW_ROUTINE"} <= everywhere) == (engine != "clone")
    _grant(server, missing)
    assert _missing(endpoint, database, engine) == []


def test_the_administrator_lacks_nothing(server, database):
    assert _missing(server.tcp_endpoint, database) == []


@pytest.mark.parametrize("privilege", ["TRIGGER", "EVENT", "CREATE VIEW", "LOCK TABLES"])
def test_one_missing_on_the_database_is_granted_alone(server, database, account, privilege):
    endpoint = account()
    _grant(server, _missing(endpoint, database))
    with server.connect() as admin:
        name = database.replace("_", "\\_")
        execute(admin, f"REVOKE {privilege} ON `{name}`.* FROM '{endpoint.user}'@'%'")
    missing = _missing(endpoint, database)
    assert [(one.privilege, one.grant) for one in missing] == [
        (privilege, f"GRANT {privilege} ON `{name}`.* TO `{endpoint.user}`@`%`;")
    ]
    _grant(server, missing)
    assert _missing(endpoint, database) == []


@pytest.mark.parametrize("privilege", ["PROCESS", "RELOAD", "SHOW_ROUTINE", "REPLICATION_APPLIER"])
def test_one_missing_everywhere_is_granted_alone(server, database, account, privilege):
    endpoint = account()
    _grant(server, _missing(endpoint, database, "mysqldump"))
    with server.connect() as admin:
        execute(admin, f"REVOKE {privilege} ON *.* FROM '{endpoint.user}'@'%'")
    missing = _missing(endpoint, database, "mysqldump")
    assert [one.grant for one in missing] == [f"GRANT {privilege} ON *.* TO `{endpoint.user}`@`%`;"]


def test_a_name_granted_without_escapes_keeps_counting_after_the_printed_grant(server, database, account):
    """A second, escaped name would hide the first one, and what worked would stop working."""
    endpoint = account(f"GRANT SELECT, INSERT ON `{database}`.* TO {{user}}")
    missing = _missing(endpoint, database)
    assert all(one.privilege != "SELECT" for one in missing if database in one.scope)
    _grant(server, missing)
    assert _missing(endpoint, database) == []
    with connect(endpoint, database) as session:
        execute(session, "CREATE TABLE t (i INT)")
        execute(session, "INSERT INTO t VALUES (1)")
        assert rows(session, "SELECT i FROM t") == [(1,)]


def test_a_wider_pattern_is_not_widened_and_not_hidden(server, database, account):
    endpoint = account("GRANT SELECT ON `t\\_%`.* TO {user}")
    missing = _missing(endpoint, database)
    statements = {one.grant for one in missing if one.scope.startswith("`t")}
    assert all("`t\\_%`" not in statement for statement in statements)
    _grant(server, missing)
    assert _missing(endpoint, database) == []
    with connect(endpoint, database) as session:
        execute(session, "CREATE TABLE t (i INT)")
        assert rows(session, "SELECT * FROM t") == []


def test_a_dump_asks_for_less_and_its_grant_hides_nothing_that_a_wider_pattern_gave(
    server, database, account
):
    endpoint = account("GRANT SELECT, INSERT ON `t\\_%`.* TO {user}")
    with connect(endpoint) as session:
        missing = missing_for_dump(session, database)
    assert [one.privilege for one in missing] == [
        "LOCK TABLES",
        "SHOW VIEW",
        "EVENT",
        "TRIGGER",
        "SHOW_ROUTINE",
    ]
    assert missing[0].grant.startswith("GRANT SELECT, INSERT, LOCK TABLES, SHOW VIEW, EVENT, TRIGGER ON ")
    _grant(server, missing)
    with connect(endpoint) as session:
        assert missing_for_dump(session, database) == []


def test_an_active_role_counts_and_an_inactive_one_is_pointed_out(server, database, account, target):
    role = f"r_{uuid4().hex[:10]}"
    endpoint = account()
    with server.connect() as admin:
        execute(admin, f"CREATE ROLE '{role}'")
        execute(admin, f"GRANT ALL ON *.* TO '{role}'")
        execute(admin, f"GRANT '{role}' TO '{endpoint.user}'@'%'")
    try:
        assert _missing(endpoint, database) != []
        roles = [
            one for one in run_doctor(replace(target, endpoint=endpoint)) if one.name == "privileges: roles"
        ]
        assert roles and roles[0].fix is not None
        with server.connect() as admin:
            execute(admin, roles[0].fix)
        assert _missing(endpoint, database) == []
    finally:
        with server.connect() as admin:
            execute(admin, f"DROP ROLE '{role}'")


def test_what_the_grants_promise_is_true_for_the_databases_beside(server, database, account):
    endpoint = account()
    _grant(server, _missing(endpoint, database))
    with connect(endpoint) as session:
        execute(session, f"CREATE DATABASE `{database}__dbsync_side`")
        execute(session, f"CREATE TABLE `{database}__dbsync_side`.t (i INT)")
        execute(session, f"RENAME TABLE `{database}__dbsync_side`.t TO `{database}`.t")
        execute(session, f"DROP DATABASE `{database}__dbsync_side`")
    with server.connect() as admin:
        assert rows(admin, f"SHOW TABLES FROM `{database}`") == [("t",)]


def test_a_server_with_partial_revokes_takes_the_printed_grants_too(make_server):
    """There, patterns are names like any other."""
    server = make_server(tcp=True, variables={"partial_revokes": "ON", "log_bin": "ON"})
    with server.connect() as admin:
        execute(admin, "CREATE DATABASE shop_1")
        execute(admin, "CREATE USER app IDENTIFIED BY 'secret-pw-1'")
    endpoint = replace(server.tcp_endpoint, user="app", password="secret-pw-1")
    missing = _missing(endpoint, "shop_1")
    assert missing
    _grant(server, missing)
    assert _missing(endpoint, "shop_1") == []
    with server.connect() as admin:
        # The first takes the privilege off the database, the second forbids the one held everywhere.
        execute(admin, "REVOKE TRIGGER ON shop_1.* FROM app")
        execute(admin, "REVOKE TRIGGER ON shop_1.* FROM app")
    lost = _missing(endpoint, "shop_1")
    assert {one.privilege for one in lost} == {"TRIGGER"}
    _grant(server, lost)
    assert _missing(endpoint, "shop_1") == []
