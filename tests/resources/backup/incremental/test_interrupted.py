"""An incremental backup that is killed, or finds the disk full: nothing is listed, the next one succeeds."""

from __future__ import annotations

import errno
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.catalog import list_backups
from resources.backup.incremental.make import make_incremental_backup
from resources.backup.storage_io import REAL
from resources.backup.verify import verify_backup
from resources.errors import DiskFullError
from resources.mysql.connection import execute
from resources.mysql.process_identity import command_line
from tests.resources.backup.conftest import entries, leftovers
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.slow

# Makes an incremental backup and stops, for ever, when it has come to the phase that is named.
CHILD = """
import json, sys, time
from dataclasses import replace
from pathlib import Path
from resources.backup.incremental import make
from resources.backup.storage_io import REAL
from resources.mysql.endpoint import Endpoint
from resources.target import Target

told = json.load(sys.stdin)
phase = told["phase"]
paths = {name: Path(told[name]) for name in ("migrations", "storage", "state", "tools")}
target = Target(Endpoint(**told["endpoint"]), told["database"], **paths)

def stop(*arguments, **more):
    print("reached", flush=True)
    time.sleep(600)

io = REAL
if phase == "pack":
    make.archive.pack = stop
elif phase == "read back":
    make.read_stored = stop
elif phase == "rename":
    io = replace(REAL, rename=stop)
make.make_incremental_backup(target, io=io)
"""


def start(target, phase: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", CHILD],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[4]), "PATH": os.environ["PATH"]},
    )
    told = {
        "phase": phase,
        "endpoint": {key: getattr(target.endpoint, key) for key in ("host", "port", "user", "password")},
        "database": target.database,
        **{name: str(getattr(target, name)) for name in ("migrations", "storage", "state", "tools")},
    }
    assert process.stdin
    process.stdin.write(json.dumps(told))
    process.stdin.close()
    return process


def kill(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert process.stdout
    process.stdout.close()


def fetchers(target) -> list[int]:
    """Running mysqlbinlogs that write below the target's state."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            words = command_line(int(entry.name))
            if any(word.startswith(f"--result-file={target.state}/") for word in words):
                found.append(int(entry.name))
    return found


def succeeds_now(target, before: list[str], killed: str) -> None:
    made = make_incremental_backup(target)
    assert [one.id for one in list_backups(target.storage)] == [*before, made.id]
    assert made.id > killed, "an id is not given out twice"
    assert leftovers(target) == [] and fetchers(target) == []
    assert verify_backup(target, made.id).proof.proven


def test_killed_while_the_server_still_sends(shop, origin, sql):
    for _ in range(60):
        execute(sql, "INSERT INTO log (v) VALUES (REPEAT('0123456789', 100000))")
    before = [one.id for one in list_backups(shop.storage)]
    with TcpProxy(("127.0.0.1", origin.server.port)) as proxy:
        process = start(replace(shop, endpoint=proxy.endpoint(shop.endpoint)), "")
        deadline = time.monotonic() + 60
        while not any(path.stat().st_size for path in shop.state.glob("servers/*/binlogs/*")):
            assert time.monotonic() < deadline and process.poll() is None, "no byte arrived"
        proxy.stall()
        kill(process)
        [partial] = [name for name in entries(shop.storage) if name.endswith(".partial")]
        assert [one.id for one in list_backups(shop.storage)] == before
        assert len(fetchers(shop)) == 1, "mysqlbinlog does not notice that nobody waits for it"
        succeeds_now(shop, before, partial.removesuffix(".partial"))


@pytest.mark.parametrize("phase", ["pack", "read back", "rename"])
def test_killed_in_a_later_phase(shop, write, phase):
    write("x")
    before = [one.id for one in list_backups(shop.storage)]
    process = start(shop, phase)
    assert process.stdout and process.stdout.readline() == "reached\n"
    kill(process)
    [partial] = [name for name in entries(shop.storage) if name.endswith(".partial")]
    assert [one.id for one in list_backups(shop.storage)] == before
    succeeds_now(shop, before, partial.removesuffix(".partial"))


@pytest.mark.parametrize("call", ["create", "write", "fsync", "rename"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT])
def test_a_full_disk_is_named_and_nothing_is_listed(shop, write, call, number):
    def full(*arguments):
        raise OSError(number, os.strerror(number))

    write("x")
    before = [one.id for one in list_backups(shop.storage)]
    with pytest.raises(DiskFullError, match="disk full"):
        make_incremental_backup(shop, io=replace(REAL, **{call: full}))
    assert [one.id for one in list_backups(shop.storage)] == before and leftovers(shop) == []
    succeeds_now(shop, before, before[-1])


@pytest.mark.skipif(os.geteuid() != 0, reason="it takes root to mount a small disk")
@pytest.mark.parametrize("what", ["state", "storage"])
def test_a_disk_that_is_too_small_is_named_before_anything_is_fetched(shop, sql, tmp_path, what):
    execute(sql, "INSERT INTO log (v) VALUES (REPEAT('0123456789', 1000000))")
    small = tmp_path / "small"
    small.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8m", "tmpfs", str(small)], check=True)
    try:
        if what == "storage":
            subprocess.run(["cp", "-r", f"{shop.storage}/.", str(small)], check=True)
        target = replace(shop, **{what: small})
        before = [one.id for one in list_backups(target.storage)]
        with pytest.raises(DiskFullError) as error:
            make_incremental_backup(target)
        assert str(small) in error.value.what and "need about" in error.value.why
        assert [one.id for one in list_backups(target.storage)] == before and leftovers(target) == []
    finally:
        subprocess.run(["umount", str(small)], check=True)


def test_an_unreachable_server_is_said_so_and_nothing_is_listed(shop):
    from resources.errors import ConnectError

    before = [one.id for one in list_backups(shop.storage)]
    with pytest.raises(ConnectError):
        make_incremental_backup(replace(shop, endpoint=replace(shop.endpoint, port=1)))
    assert [one.id for one in list_backups(shop.storage)] == before and leftovers(shop) == []
