"""The server or the network goes away in the middle of a migration: the outcome is read, never guessed."""

from __future__ import annotations

import time

import pytest

from resources.mysql.connection import connect, execute, rows
from resources.mysql.server_variables import LASTING, merged
from tests.e2e.conftest import SHOP
from tests.support.project import Project

pytestmark = pytest.mark.slow
REBUILD = (
    "20260401000000_rebuild",
    "ALTER TABLE `Post` ADD COLUMN `x` INTEGER NULL;\nALTER TABLE `Big` MODIFY `text` LONGTEXT NOT NULL;\n",
)


@pytest.fixture
def own_server(make_server):
    return make_server(tcp=True, variables=merged(LASTING, {"binlog_row_metadata": "FULL"}))


@pytest.fixture
def project(own_server, tools, tmp_path) -> Project:
    """On a server of its own, which the test may kill; `Big` takes seconds to rebuild."""
    with connect(own_server.tcp_endpoint) as connection:
        execute(connection, "CREATE DATABASE app CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
    project = Project(tmp_path / "app", own_server.tcp_endpoint, "app", tools)
    for name, sql in SHOP.items():
        project.add_migration(name, sql)
    project.add_migration(
        "20260102000000_big",
        "CREATE TABLE `Big`"
        " (`id` INTEGER NOT NULL AUTO_INCREMENT, `text` TEXT NOT NULL, PRIMARY KEY (`id`));\n",
    )
    assert project.run("deploy").returncode == 0
    project.execute(
        "INSERT INTO `User` (`email`) VALUES ('a@x')",
        "INSERT INTO `Post` (`userId`, `title`) VALUES (1, 'one')",
        "SET SESSION cte_max_recursion_depth = 100000",
        "INSERT INTO `Big` (`text`)"
        " WITH RECURSIVE n AS (SELECT 1 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 60000)"
        " SELECT REPEAT(SHA2(i, 256), 30) FROM n",
    )
    return project


def test_a_server_killed_inside_an_alter_and_restarted_ends_in_the_state_before(project, own_server):
    before = project.world()
    project.add_migration(*REBUILD)
    process = project.start("deploy")
    project.wait_for_phase("migration_started", process)
    while "`x`" not in project.world().schema["tables"]["Post"]:
        time.sleep(0.02)
    own_server.kill()
    own_server.start()
    _, errors = process.communicate(timeout=150)
    if process.returncode not in (40, 43):
        # The restart took longer than dbsync waits: the next command puts it right.
        assert process.returncode == 62, errors
        assert project.run("deploy").returncode == 40
    assert project.world() == before, errors
    assert "unknown" in errors or "lost" in errors


def test_a_connection_that_dies_in_a_migration_ends_in_the_state_before(project, own_server):
    before = project.world()
    project.add_migration(
        "20260401000000_slow",
        "ALTER TABLE `Post` ADD COLUMN `x` INTEGER NULL;\nDO (SELECT SLEEP(5) FROM `User` LIMIT 1);\n",
    )
    process = project.start("deploy")
    project.wait_for_phase("migration_started", process)
    while "`x`" not in project.world().schema["tables"]["Post"]:
        time.sleep(0.02)
    with connect(own_server.tcp_endpoint) as admin:
        for (number,) in rows(
            admin, "SELECT id FROM information_schema.processlist WHERE info LIKE 'DO (SELECT SLEEP%'"
        ):
            execute(admin, f"KILL {number}")
    _, errors = process.communicate(timeout=150)
    assert process.returncode in (40, 43), errors
    assert project.world() == before
