"""kill -9 of daemon, run worker, PM2 and mysqld during releases of the sensor's: they end by themselves."""

from __future__ import annotations

import json
import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from resources.mysql.connection import execute
from resources.mysql.leftovers import stop_leftovers
from resources.mysql.server import PrivateServer
from resources.mysql.server_variables import LASTING, merged
from resources.notify.outbox import Outbox
from tests.conftest import TEST_SERVER
from tests.e2e.conftest import SHOP
from tests.e2e.test_application import CHANGE
from tests.faults.test_killed import SLOW
from tests.support.daemon import Daemon, worker_of
from tests.support.git_server import GitServer, git
from tests.support.live_app import LiveApp, live_app
from tests.support.project import Project
from tests.support.receiver import Receiver, answering

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
_BACK = 180.0
"""Seconds after everything is back: a minute where nothing else is done, three where tests run beside it."""


@pytest.fixture
def own_server(make_server) -> PrivateServer:
    """One that may be killed, and keeps what it has committed."""
    return make_server(tcp=True, variables=merged(TEST_SERVER, LASTING))


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver(answering("200 OK"), dead=True)
    yield made
    made.close()


@pytest.fixture
def live(own_server, tools, tmp_path, receiver) -> Iterator[LiveApp]:
    """Released once, with rows; its one commit is on the git server."""
    database = f"t_{uuid4().hex[:12]}"
    with own_server.connect() as admin:
        execute(admin, f"CREATE DATABASE `{database}`")
    project = Project(tmp_path / "app", own_server.tcp_endpoint, database, tools)
    for name, sql in SHOP.items():
        project.add_migration(name, sql)
    with live_app(project, tmp_path / "srv") as made:
        done = project.run("deploy")
        assert done.returncode == 0, done.stderr
        project.execute(
            "INSERT INTO `User` (`email`) VALUES ('a@x'), ('b@x')",
            "INSERT INTO `Post` (`userId`, `title`) VALUES (1, 'x')",
        )
        project.environment["NOTIFICATION_WEBHOOK"] = receiver.url
        yield made
    for inside in ("servers", "replay"):
        stop_leftovers(project.folder / ".dbsync" / inside)


@pytest.fixture
def origin(tmp_path, live) -> Iterator[str]:
    server = GitServer(tmp_path / "server")
    git(live.project.folder, "push", "-q", server.url, "HEAD:main")
    yield server.url
    server.close()


@pytest.fixture
def daemon(live, origin) -> Iterator[Daemon]:
    made = Daemon(
        live.project,
        **live.project.environment,
        GIT_REPOSITORY=origin,
        GIT_SENSOR_INTERVAL="1s",
        RECONCILE_INTERVAL="2s",
        DBSYNC_SENSORS="git_migrations,reconcile,alerts",
    )
    yield made
    made.kill()


def _push(live: LiveApp, origin: str, migration: tuple[str, str], **behaviour: object) -> str:
    live.project.add_migration(*migration)
    commit = live.commit(migration[0], **behaviour)
    git(live.project.folder, "push", "-q", origin, "HEAD:main")
    return commit


def _kill_all_and_bring_them_back(live: LiveApp, server: PrivateServer, daemon: Daemon) -> float:
    """As after a power cut; when everything had been started again."""
    worker = worker_of(live.project)
    daemon.kill()
    live.kill_pm2()
    server.kill()
    psutil.wait_procs([worker], timeout=10)
    assert not worker.is_running()
    daemon.until(lambda: "error" in live.ask(), "with PM2 the application is gone")
    server.start()
    resurrected = threading.Thread(target=live.resurrect)  # a host waits for neither before the other
    resurrected.start()
    daemon.start()
    back = time.monotonic()
    resurrected.join(60)
    return back


def _statuses(daemon: Daemon) -> list[str]:
    return [run.status.value for run in daemon.runs()]


def _runs_in(place: Path) -> bool:
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(place):
                return True
        except (psutil.Error, OSError):
            continue
    return False


def test_killed_in_a_migration_and_in_the_applications_switch_both_end_by_themselves_each_told_once(
    live, origin, own_server, daemon, receiver, record_property
):
    project = live.project
    before = live.state()
    daemon.start()
    _push(live, origin, SLOW)
    daemon.until(lambda: project.journal_phases()[-1] == "migration_started", "it applies", 240)
    while "`x`" not in project.world().schema["tables"]["Post"]:
        time.sleep(0.05)
    back = _kill_all_and_bring_them_back(live, own_server, daemon)
    daemon.until(lambda: project.journal_phases()[-1] == "rolled_back", "it is rolled back", _BACK)
    record_property("killed in a migration (s)", round(time.monotonic() - back, 1))
    daemon.until(lambda: live.ask().get("status") == "ok", "the application answers")
    assert live.state() == before
    daemon.until(lambda: _statuses(daemon) == ["SUCCESS", "FAILURE"], "it is red")
    daemon.until(lambda: Outbox(project.storage).waiting(), "what nobody took waits")
    receiver.revive()

    shutil.rmtree(project.migrations / SLOW[0])
    commit = _push(live, origin, CHANGE, slowSeconds=10)
    new = (live.root / "releases" / commit).resolve()
    daemon.until(
        lambda: project.journal_phases()[-1] == "app_switching" and _runs_in(new), "PM2 has both", 240
    )
    assert live.ask() == before.answer, "the old one serves until the new one listens"
    back = _kill_all_and_bring_them_back(live, own_server, daemon)
    daemon.until(lambda: project.journal_phases()[-1] == "rolled_back", "it is rolled back", _BACK)
    record_property("killed in the application's switch (s)", round(time.monotonic() - back, 1))
    assert live.state() == before
    assert project.journal_phases().count("app_back") == 1
    daemon.until(lambda: _statuses(daemon) == ["SUCCESS", "FAILURE", "FAILURE"], "it is red")

    daemon.until(lambda: len(receiver.requests) >= 2, "both were told", 240)
    daemon.until(lambda: not Outbox(project.storage).waiting(), "nothing waits")
    told = [json.loads(body) for body in receiver.bodies]
    deployments = sorted(path.stem for path in (project.storage / "journal").glob("*.jsonl"))[1:]
    about = sorted(one["event"]["about"] for one in told)
    assert about == deployments, "neither is tried again, nor told twice"
    assert [(one["event"]["kind"], one["outcome"]) for one in told] == [("rollback", "reconciled")] * 2
    assert {"1 delivered", "2 delivered"} & set(daemon.skip_reasons("alerts")), "by a tick of the daemon's"
    assert project.databases() == {project.database}
    assert daemon.stop() == 0
