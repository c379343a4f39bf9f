from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

from resources.mysql.leftovers import stop_leftovers
from resources.mysql.process_identity import command_line, identity_of, started_at
from resources.mysql.server import PrivateServer

OWNER = """
import sys, time
from pathlib import Path
from resources.mysql.get import get_mysql
from resources.mysql.server import PrivateServer
server = PrivateServer.create(get_mysql(Path(sys.argv[1])), Path(sys.argv[2]))
server.start()
if sys.argv[3] == "leave":
    server.leave_running()
print(server.pid, flush=True)
time.sleep(600)
"""


def _killed_owner(tools, folder, mode="hold") -> int:
    """The pid of a server whose starter got SIGKILL."""
    owner = subprocess.Popen(
        [sys.executable, "-c", OWNER, str(tools), str(folder), mode], stdout=subprocess.PIPE, text=True
    )
    assert owner.stdout is not None
    pid = int(owner.stdout.readline())
    owner.kill()
    owner.wait()
    owner.stdout.close()
    return pid


def test_the_server_of_a_killed_dbsync_is_stopped(installation, tools, tmp_path):
    pid = _killed_owner(tools, tmp_path / "work" / "proof")
    assert started_at(pid) is not None, "the server outlives its starter: that is the fault"
    assert stop_leftovers(tmp_path) == [pid]
    assert started_at(pid) is None
    assert stop_leftovers(tmp_path) == []


def test_the_server_of_a_dbsync_that_works_is_left_alone(make_server):
    server = make_server()
    assert stop_leftovers(server.folder.parent) == []
    assert server.is_running


def test_a_server_left_running_on_purpose_is_left_alone_and_can_be_stopped(installation, tools, tmp_path):
    pid = _killed_owner(tools, tmp_path / "m", "leave")
    assert stop_leftovers(tmp_path) == []
    found = PrivateServer.on_datadir(installation, tmp_path / "m")
    assert found.pid == pid
    found.stop()
    assert started_at(pid) is None


def test_a_stranger_that_got_the_recorded_process_number_is_not_touched(tmp_path):
    stranger = subprocess.Popen(["sleep", "60"])
    try:
        (tmp_path / "mysqld.pid").write_text(
            f'{{"datadir": "{tmp_path}/data", "server": {{"pid": {stranger.pid}, "started": "1"}}, '
            f'"owner": {{"pid": {os.getpid()}, "started": "1"}}}}'
        )
        assert stop_leftovers(tmp_path) == []
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_an_identity_tells_a_process_from_its_zombie(tmp_path):
    child = subprocess.Popen(["sleep", "60"])
    identity = identity_of(child.pid)
    deadline = time.monotonic() + 5
    while not command_line(child.pid) and time.monotonic() < deadline:
        time.sleep(0.01)  # the kernel shows argv a moment after the exec
    assert identity.is_alive and command_line(child.pid) == ["sleep", "60"]
    os.kill(child.pid, signal.SIGKILL)
    while identity.is_alive and time.monotonic() < deadline:
        time.sleep(0.01)
    assert not identity.is_alive  # not yet reaped by wait()
    child.wait()
