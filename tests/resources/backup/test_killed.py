"""kill -9 in every phase: nothing half-made is listed, older backups stand, the next run tidies up."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resources.backup.catalog import list_backups
from resources.backup.make import make_full_backup
from resources.backup.stored_files import verify_files
from resources.mysql.process_identity import processes_with_argument
from resources.target import Target
from tests.resources.backup.conftest import entries, leftovers, world

pytestmark = pytest.mark.slow

# Makes a backup and stops, for ever, when it has come to the phase that is named.
CHILD = """
import json, sys, time
from dataclasses import replace
from pathlib import Path
from resources.backup import by_clone, by_dump, make, running_clone, storage
from resources.backup.storage_io import REAL
from resources.mysql.endpoint import Endpoint
from resources.target import Target

told = json.load(sys.stdin)
phase = told["phase"]
paths = {name: Path(told[name]) for name in ("migrations", "storage", "state", "tools")}
target = Target(Endpoint(**told["endpoint"]), told["database"], backup_engine=told["engine"], **paths)

def stop(*arguments, **more):
    print("reached", flush=True)
    time.sleep(600)

written = 0
def write_half(stream, data):
    global written
    REAL.write(stream, data)
    written += len(data)
    if written > 1000:
        stop()

io = REAL
if phase in ("clone_into", "start_for_proof", "read_contents"):
    setattr(running_clone if phase == "clone_into" else by_clone, phase, stop)
elif phase == "cloned":
    real = running_clone.clone_into
    running_clone.clone_into = lambda *a, **k: (real(*a, **k), stop())
elif phase == "write":
    io = replace(REAL, write=write_half)
elif phase == "rename":
    io = replace(REAL, rename=stop)
elif phase == "prove":
    make.prove_archive = stop
elif phase == "load":
    by_dump.load = stop
elif phase == "nameless":
    storage.write_owner = stop
make.make_full_backup(target, io=io, proof="archive" if phase == "prove" else "clone")
"""


def _killed_at(phase: str, target: Target, engine: str) -> None:
    endpoint = target.endpoint
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[3]), "PATH": "/usr/sbin:/usr/bin:/sbin:/bin"},
    )
    told = {
        "phase": phase,
        "endpoint": {key: getattr(endpoint, key) for key in ("host", "port", "user", "password")},
        "database": target.database,
        "engine": engine,
        **{name: str(getattr(target, name)) for name in ("migrations", "storage", "state", "tools")},
    }
    assert process.stdin and process.stdout
    process.stdin.write(json.dumps(told))
    process.stdin.close()
    assert process.stdout.readline() == "reached\n", f"never came to {phase}"
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()


def _servers_of(target: Target) -> list[int]:
    return [
        pid
        for folder in (target.state / "servers").glob("*/*/data")
        for pid in processes_with_argument(f"--datadir={folder}")
    ]


@pytest.mark.parametrize(
    ("phase", "engine"),
    [
        ("clone_into", "clone"),
        ("cloned", "clone"),
        ("write", "clone"),
        ("start_for_proof", "clone"),
        ("read_contents", "clone"),
        ("prove", "clone"),
        ("rename", "clone"),
        ("write", "mysqldump"),
        ("load", "mysqldump"),
    ],
)
def test_a_killed_backup_is_not_listed_and_the_next_one_removes_its_traces(awkward, phase, engine):
    was = world(awkward.endpoint, awkward.database)
    before = make_full_backup(awkward).manifest
    _killed_at(phase, awkward, engine)
    assert [one.id for one in list_backups(awkward.storage)] == [before.id]
    partials = [name for name in entries(awkward.storage) if name.endswith(".partial")]
    assert len(partials) == 1
    verify_files(awkward.storage, before.id)
    assert world(awkward.endpoint, awkward.database) == was

    after = make_full_backup(awkward).manifest
    assert leftovers(awkward) == [] and _servers_of(awkward) == []
    assert [one.id for one in list_backups(awkward.storage)] == [before.id, after.id]
    assert after.id > partials[0].removesuffix(".partial") > before.id
    assert world(awkward.endpoint, awkward.database) == was


def test_a_folder_that_never_got_its_owner_is_removed_when_it_is_old(target):
    import os

    _killed_at("nameless", target, "clone")
    [name] = entries(target.storage)
    make_full_backup(target)
    assert name in entries(target.storage), "it could be a living process's, this very moment"
    yesterday = time.time() - 86400
    os.utime(target.storage / name, (yesterday, yesterday))
    make_full_backup(target)
    assert name not in entries(target.storage)


def test_the_work_of_a_living_process_is_left_alone(awkward):
    first = make_full_backup(awkward, keep_server=True)
    try:
        make_full_backup(awkward)
        assert first.server is not None and first.server.is_running
        assert world(first.server.endpoint, awkward.database) == world(awkward.endpoint, awkward.database)
    finally:
        first.close()
    assert leftovers(awkward) == []
