"""A private server that is left running outlives the process that opened it, and goes when it is told to."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.incremental.make import make_incremental_backup
from resources.backup.moment.moment import parse_moment
from resources.backup.private_servers import leave_running, list_running, stop
from resources.backup.standing import record_proof
from resources.backup.work_folder import remove_abandoned
from resources.errors import MomentError, UsageError
from resources.mysql.endpoint import Endpoint
from resources.mysql.leftovers import stop_leftovers
from resources.mysql.process_identity import processes_with_argument
from tests.resources.backup.conftest import entries, world
from tests.resources.backup.incremental.conftest import DATABASE
from tests.resources.backup.moment.conftest import down

pytestmark = pytest.mark.slow


def servers_of(target) -> list[int]:
    return [
        pid
        for folder in (target.state / "private").glob("*/data")
        for pid in processes_with_argument(f"--datadir={folder}")
    ]


@pytest.fixture
def stopped(shop):
    yield
    for one in list_running(shop):
        stop(shop, one.name)


def test_it_holds_the_moment_stays_and_is_removed_by_name(shop, write, remember, stopped):
    write("then")
    then = remember()
    write("later")
    left = leave_running(shop, "", parse_moment(then.time))
    endpoint = Endpoint("localhost", 0, "root", "", socket=Path(left.socket))
    assert world(endpoint, DATABASE) == then.world
    assert left.gtids == then.gtids and left.name == "p1"
    typed = subprocess.run(
        [*shlex.split(left.connect), "-N", "-e", "SELECT v FROM log ORDER BY id DESC LIMIT 1"],
        capture_output=True,
        text=True,
        check=True,
        env={},
    )
    assert typed.stdout == "then\n"
    # Nobody tidies it up.
    stop_leftovers(shop.state)
    remove_abandoned(shop)
    second = leave_running(down(shop), left.backup_id, None)
    assert [(one.name, one.running) for one in list_running(shop)] == [("p1", True), ("p2", True)]
    assert len(servers_of(shop)) == 2 and second.moment == "the end of the backup"
    stop(shop, "p1")
    assert [one.name for one in list_running(shop)] == ["p2"]
    assert world(Endpoint("localhost", 0, "root", "", socket=Path(second.socket)), DATABASE)
    stop(shop, "p2")
    assert servers_of(shop) == [] and entries(shop.state / "private") == []


def test_what_is_known_against_the_backup_is_said_before_it_is_looked_into(
    shop, origin, write, stopped, said
):
    write("then")
    increment = make_incremental_backup(shop)
    failed = replace(origin.full.proof, proven=False, result="FAILED: x")
    record_proof(shop.storage / origin.full.id, failed)
    for name in (origin.full.id, increment.id):
        left = leave_running(shop, name, None)
        assert world(Endpoint("localhost", 0, "root", "", socket=Path(left.socket)), DATABASE)
    warned = f"backup {origin.full.id} failed its newest proof: FAILED: x"
    assert said.lines.count(warned) == 2
    assert not any(increment.id in line and "proof" in line for line in said.lines)


@pytest.mark.parametrize("name", ["p9", "../servers", "p1/../..", "", "p0", "p1\0", "p" + "1" * 300])
def test_a_name_that_is_none_stops_nothing(shop, name):
    (shop.state / "private").mkdir(parents=True)
    (shop.state / "servers").mkdir()
    with pytest.raises(UsageError):
        stop(shop, name)
    assert entries(shop.state) == ["private", "servers"]


def test_one_that_cannot_be_opened_leaves_nothing(shop):
    with pytest.raises(MomentError):
        leave_running(shop, "", parse_moment("2001-01-01 00:00Z"))
    assert entries(shop.state / "private") == [] and servers_of(shop) == []


CHILD = """
import json, sys, time
from pathlib import Path
from resources.backup import private_servers
from resources.mysql.endpoint import Endpoint
from resources.target import Target

told = json.load(sys.stdin)
paths = {name: Path(told[name]) for name in ("migrations", "storage", "state", "tools")}
target = Target(Endpoint(**told["endpoint"]), told["database"], **paths)

def stop(*arguments, **more):
    print("reached", flush=True)
    time.sleep(600)

private_servers.write_durably = stop
private_servers.leave_running(target, told["backup_id"], None)
"""


def test_what_a_killed_one_left_is_removed_by_the_next(shop, origin, stopped):
    import json

    process = subprocess.Popen(
        [sys.executable, "-c", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[4]), "PATH": os.environ["PATH"]},
    )
    told = {
        "endpoint": {key: getattr(shop.endpoint, key) for key in ("host", "port", "user", "password")},
        "database": shop.database,
        "backup_id": origin.full.id,
        **{name: str(getattr(shop, name)) for name in ("migrations", "storage", "state", "tools")},
    }
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps(told))
    process.stdin.close()
    assert process.stdout.readline() == "reached\n"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    [orphan] = servers_of(shop)
    assert list_running(shop) == []
    left = leave_running(shop, origin.full.id, None)
    assert left.name == "p1" and orphan not in servers_of(shop) and len(servers_of(shop)) == 1
    deadline = time.monotonic() + 30
    while Path(f"/proc/{orphan}").exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert entries(shop.state / "private") == ["p1"]
