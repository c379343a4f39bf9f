"""A rollback that cannot complete says the state of the data and what to type; it never says complete."""

from __future__ import annotations

import json

import pytest

from resources.mysql.connection import connect, execute
from tests.e2e.conftest import BAD, DUPLICATES

pytestmark = pytest.mark.slow


def test_the_state_of_the_data_is_said_and_the_same_command_finishes_it_later(project, server, httpserver):
    """Nobody can write to a server that became read-only, a rollback neither: it must not pretend."""
    httpserver.expect_request("/hook").respond_with_data("ok")
    before = project.world()
    add = "ALTER TABLE `User` ADD COLUMN `seen` BOOLEAN NULL;"
    sql = f"{add}\nDO (SELECT SLEEP(4) FROM `User` LIMIT 1);\n{DUPLICATES}\n"
    project.add_migration("20260401000000_bad", sql)
    process = project.start(
        "deploy", ROLLBACK_MAX_ATTEMPTS="2", NOTIFICATION_WEBHOOK=httpserver.url_for("/hook")
    )
    project.wait_for_phase("migration_started", process)
    with connect(server.tcp_endpoint) as admin:
        while "`seen`" not in project.world().schema["tables"]["User"]:
            pass
        execute(admin, "SET GLOBAL super_read_only = ON")
        try:
            _, errors = process.communicate(timeout=120)
        finally:
            execute(admin, "SET GLOBAL super_read_only = OFF")
            execute(admin, "SET GLOBAL read_only = OFF")
    assert process.returncode == 62, errors
    assert "DATA STATE" in errors and "dbsync rollback" in errors and "dbsync restore" in errors
    notices = [json.loads(request.get_data()) for request, _ in httpserver.log]
    assert notices[-1]["outcome"] == "rollback-incomplete"
    assert "DATA STATE" in json.dumps(notices[-1])
    assert project.run("rollback").returncode == 0
    assert project.world() == before


def test_a_failing_webhook_changes_nothing(project, httpserver):
    httpserver.expect_request("/hook").respond_with_data("no", status=500)
    before = project.world()
    project.add_migration(*BAD)
    done = project.run("deploy", NOTIFICATION_WEBHOOK=httpserver.url_for("/hook"))
    assert done.returncode == 40
    assert project.world() == before
    assert len(httpserver.log) >= 1
