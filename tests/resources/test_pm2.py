"""PM2's list, as it really comes: with banners, with secrets, or not at all."""

from __future__ import annotations

import json
import os
import socket
from pathlib import Path

import pytest

from resources.app.app import App
from resources.errors import AppStartError
from resources.pm2 import Pm2, parse_list

ONE = {
    "pm_id": 0,
    "name": "shop",
    "pid": 12,
    "monit": {"memory": 1024, "cpu": 0.5},
    "pm2_env": {
        "status": "online",
        "restart_time": 3,
        "unstable_restarts": 1,
        "pm_uptime": 1_700_000_000_000,
        "exec_mode": "cluster_mode",
        "pm_cwd": "/srv/shop/current",
        "pm_exec_path": "/srv/shop/current/server.js",
        "DATABASE_URL": "mysql://root:sekrit@db/shop",
        "env": {"TOKEN": "sekrit"},
    },
}
BANNER = "\x1b[32m[PM2] \x1b[39mSpawning PM2 daemon\n>>>> In-memory PM2 is out-of-date [] [1, 2]\n"


def test_processes_are_found_behind_a_banner_with_brackets():
    found = parse_list(BANNER.replace("[] ", "") + json.dumps([ONE]))
    assert found is not None
    assert (found[0].name, found[0].status, found[0].restarts, found[0].mode) == (
        "shop",
        "online",
        3,
        "cluster",
    )
    assert found[0].up_since == 1_700_000_000.0


def test_nothing_of_the_application_s_environment_is_kept():
    found = parse_list(json.dumps([ONE])) or []
    assert [one.name for one in found] == ["shop"]
    assert "sekrit" not in str(found) + str([one.as_dict() for one in found])


def test_text_without_a_list_is_unknown_and_not_an_empty_list():
    assert parse_list("[PM2][ERROR] connect ECONNREFUSED") is None
    assert parse_list("") is None
    assert parse_list("[]") == []


def test_without_a_daemon_the_state_is_unknown_and_none_is_started(tmp_path):
    app = App(tmp_path, tmp_path, ("shop",), tmp_path / "pm2")
    listing = Pm2(app).listing()
    assert listing.unknown and "no PM2 daemon" in listing.unknown
    assert not (tmp_path / "pm2").exists()


def test_a_stranger_with_the_number_of_the_pid_file_is_not_taken_for_the_daemon(tmp_path):
    """As after a restart of the machine: PM2's files are there, its process is not."""
    home = tmp_path / "pm2"
    home.mkdir()
    (home / "pm2.pid").write_text(str(os.getpid()))
    with socket.socket(socket.AF_UNIX) as killed:
        killed.bind(str(home / "rpc.sock"))  # a socket's name outlives who listened at it
    listing = Pm2(App(tmp_path, tmp_path, ("shop",), home)).listing()
    assert listing.unknown and "no PM2 daemon" in listing.unknown
    assert {path.name for path in home.iterdir()} == {"pm2.pid", "rpc.sock"}, "none was started"


def test_what_runs_but_cannot_be_listed_is_not_taken_for_gone(tmp_path):
    home = tmp_path / "pm2"
    home.mkdir()
    app = App(tmp_path, tmp_path, ("shop",), home, pm2=Path("/bin/false"))
    Pm2(app).delete()  # no daemon: nothing runs
    with socket.socket(socket.AF_UNIX) as daemon:
        daemon.bind(str(home / "rpc.sock"))
        daemon.listen()
        with pytest.raises(AppStartError, match="delete failed"):
            Pm2(app).delete()
