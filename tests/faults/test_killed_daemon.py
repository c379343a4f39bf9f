"""kill -9 of daemon, run worker and mysqld during a release that the sensor launched: it ends by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from uuid import uuid4

import dagster as dg
import psutil
import pytest

from resources.mysql.connection import execute
from resources.prisma.apply import apply_pending
from resources.prisma.lock import MigrationLock
from tests.conftest import TEST_SERVER, target_on
from tests.e2e.conftest import SHOP
from tests.faults.test_killed import SLOW
from tests.support.daemon import Daemon, worker_of
from tests.support.git_server import Clone
from tests.support.project import Project

pytestmark = pytest.mark.slow
_BACK = 60.0
"""Seconds after everything is back."""


@pytest.fixture
def own_server(make_server):
    """One that may be killed."""
    return make_server(tcp=True, variables=TEST_SERVER)


@pytest.fixture
def killable(own_server, tools, tmp_path) -> Project:
    database = f"t_{uuid4().hex[:12]}"
    with own_server.connect() as admin:
        execute(admin, f"CREATE DATABASE `{database}`")
    project = Project(tmp_path / "app", own_server.tcp_endpoint, database, tools)
    for name, sql in SHOP.items():
        project.add_migration(name, sql)
    target = replace(target_on(own_server, database, tools, tmp_path), migrations=project.migrations)
    with MigrationLock(target, "test") as lock:
        apply_pending(target, lock, lambda *_: None)
    project.execute(
        "INSERT INTO `User` (`email`) VALUES ('a@x'), ('b@x')",
        "INSERT INTO `Post` (`userId`, `title`) VALUES (1, 'x')",
    )
    return project


@pytest.fixture
def daemon(killable, clone) -> Iterator[Daemon]:
    made = Daemon(
        killable,
        GIT_REPOSITORY=str(clone.folder),
        GIT_SENSOR_INTERVAL="1s",
        RECONCILE_INTERVAL="2s",
        DBSYNC_SENSORS="git_migrations,reconcile",
    )
    yield made
    made.kill()


@pytest.fixture
def clone(tmp_path) -> Clone:
    made = Clone(tmp_path / "clone")
    for name, sql in SHOP.items():
        made.migration(name, sql)
    made.migration(*SLOW)
    made.commit()
    return made


def test_a_release_whose_worker_daemon_and_server_are_killed_is_rolled_back_within_a_minute(
    killable, own_server, daemon
):
    before = killable.world()
    daemon.start()
    daemon.until(lambda: "applying" in killable.journal_phases(), "it applies")
    while "`x`" not in killable.world().schema["tables"]["Post"]:
        time.sleep(0.05)
    worker = worker_of(killable)
    daemon.kill()
    own_server.kill()
    psutil.wait_procs([worker], timeout=10)
    own_server.start()
    daemon.start()
    daemon.until(lambda: killable.journal_phases()[-1] == "rolled_back", "it is rolled back", _BACK)
    assert killable.world() == before
    daemon.until(lambda: [run.status for run in daemon.runs()] == [dg.DagsterRunStatus.FAILURE], "it is red")
    assert len(daemon.deployments()) == 1, "it is not tried again by itself"
    assert killable.databases() == {killable.database}
    assert daemon.stop() == 0
