from __future__ import annotations

import json
import socket
from dataclasses import replace

from resources.health import thresholds
from resources.health.health import check_health
from resources.health.rules import judge
from resources.health.system import check_system
from resources.mysql.connection import execute, value
from tests.resources.health.conftest import http

WELL = {
    "latency_ms": 1.0,
    "threads_connected": 10,
    "max_connections": 100,
    "read_only": False,
    "longest_transaction_s": 0,
    "row_lock_waits": 0,
    "table_lock_waits": 0,
}
MACHINE = {
    "disk_path": "/",
    "disk_free_bytes": 2**40,
    "disk_total_bytes": 2**41,
    "memory_available_bytes": 2**33,
    "memory_total_bytes": 2**34,
    "load_5": 0.5,
    "cpus": 2,
}


def test_a_good_target_is_healthy_and_its_figures_are_real(target, server, site):
    status = check_health(replace(target, health_url=site(http(200, "ok")).url))
    assert status.healthy, status.problems
    with server.connect() as connection:
        assert status.database["version"] == value(connection, "SELECT @@version")
        assert status.database["max_connections"] == value(connection, "SELECT @@max_connections")
    assert status.database["threads_connected"] >= 1
    assert status.database["longest_transaction_s"] == 0
    assert status.application["good_in_a_row"] == 3
    json.dumps(status.as_dict())


def test_the_size_of_the_database_is_the_one_of_now(target, connection):
    before = check_health(target).database["database_bytes"]
    execute(connection, "CREATE TABLE `new` (`x` LONGTEXT)")
    execute(connection, "INSERT INTO `new` VALUES (REPEAT('x', 5000000))")
    connection.commit()
    execute(connection, "ANALYZE TABLE `new`")
    assert check_health(target).database["database_bytes"] - before >= 5_000_000


def test_without_a_health_url_the_application_is_not_checked(target):
    assert check_health(target).application == {"checked": False}


def test_a_sick_application_alone_makes_it_unhealthy_within_its_time(target, site):
    sick = site(http(500, "boom"))
    status = check_health(replace(target, health_url=sick.url, health_timeout=0.8))
    assert not status.healthy
    assert [problem.area for problem in status.problems] == ["application"]
    assert status.problems[0].threshold == "3 good answers in a row within 0.8 s"
    assert 1 <= len(sick.asked) <= 2


def test_an_unreachable_server_is_unhealthy_and_no_exception(target):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    status = check_health(replace(target, endpoint=replace(target.endpoint, port=port, socket=None)))
    assert not status.healthy
    assert status.database["reachable"] is False


def test_a_wrong_password_is_told_apart_and_not_shown(target):
    wrong = replace(target.endpoint, password="wr0ng-and-secret")
    status = check_health(replace(target, endpoint=wrong))
    assert status.database["error"]["code"] == "authentication"
    assert "wr0ng-and-secret" not in json.dumps(status.as_dict())


def test_a_read_only_server_is_unhealthy(target, server):
    with server.connect() as admin:
        execute(admin, "SET GLOBAL super_read_only = 1")
        try:
            status = check_health(target)
        finally:
            execute(admin, "SET GLOBAL super_read_only = 0")
            execute(admin, "SET GLOBAL read_only = 0")
    assert not status.healthy
    assert "read-only" in str(status.problems[0])


def test_an_open_transaction_is_seen(target, connection):
    execute(connection, "CREATE TABLE t (id INT PRIMARY KEY)")
    execute(connection, "BEGIN")
    execute(connection, "INSERT INTO t VALUES (1)")
    execute(connection, "DO SLEEP(1.1)")
    assert check_health(target).database["longest_transaction_s"] >= 1
    execute(connection, "ROLLBACK")


def test_an_account_without_process_still_gets_an_answer(target, server, database):
    with server.connect() as admin:
        execute(admin, "DROP USER IF EXISTS plain")
        execute(admin, "CREATE USER plain IDENTIFIED BY 'plain-pw'")
        execute(admin, f"GRANT SELECT ON `{database}`.* TO plain")
        try:
            status = check_health(
                replace(target, endpoint=replace(target.endpoint, user="plain", password="plain-pw"))
            )
        finally:
            execute(admin, "DROP USER plain")
    assert status.healthy
    assert status.database["row_lock_waits"] is None


def _severities(found):
    return [problem.severity for problem in found]


def test_database_limits_warn_before_they_fail():
    assert _severities(judge("database", WELL)) == []
    assert _severities(judge("database", WELL | {"threads_connected": 80})) == ["warn"]
    assert _severities(judge("database", WELL | {"threads_connected": 97})) == ["fail"]
    assert _severities(judge("database", WELL | {"longest_transaction_s": 301})) == ["warn"]
    assert _severities(judge("database", WELL | {"table_lock_waits": 11})) == ["warn"]
    assert _severities(judge("database", WELL | {"latency_ms": 300.0})) == ["warn"]


def test_machine_limits_fail_only_where_the_server_would_stop():
    assert _severities(judge("system", MACHINE)) == []
    assert _severities(judge("system", MACHINE | {"disk_free_bytes": 2**37})) == ["warn"]
    full = MACHINE | {"disk_free_bytes": thresholds.DISK_FAIL_BYTES - 1}
    assert _severities(judge("system", full)) == ["fail"]
    assert _severities(judge("system", MACHINE | {"memory_available_bytes": 2**28})) == ["warn"]
    assert _severities(judge("system", MACHINE | {"load_5": 9.0})) == ["warn"]


def test_the_storage_need_not_exist_yet(tmp_path):
    figures, _ = check_system(tmp_path / "not" / "there")
    assert figures["disk_path"] == str(tmp_path)
