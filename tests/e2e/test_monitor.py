"""The real command: a look, a monitor that runs and ends, secrets nowhere."""

from __future__ import annotations

import json
import re
import signal
import socket
import threading
import time
import urllib.request

import pytest

from resources.mysql.connection import connect, execute
from resources.mysql.endpoint import Endpoint

pytestmark = pytest.mark.slow
PASSWORD = "canary'\"$ %@:/\\x"


def test_one_look_says_what_is_wrong_in_json_and_on_the_page(project):
    code, shown = project.report("monitor", "--html")
    assert code == 0 and shown["ok"]
    assert shown["database"]["threads_connected"] >= 1
    assert shown["monitoring"]["level"] == "OK"
    page = project.folder / ".dbsync" / "metrics" / "status.html"
    assert shown["page"] == str(page) and "OK</h1>" in page.read_text()
    environment = {"MONITOR_LIMITS": "disk_free=-/1e18", "MONITOR_ENTER": "1"}
    code, shown = project.report("monitor", **environment)
    assert code == 51 and not shown["ok"]
    assert [one["name"] for one in shown["problems"]] == ["disk_free"]
    wrong = project.run("monitor", MONITOR_LIMITS="nonsense=1/2")
    assert wrong.returncode == 3 and "no such rule: nonsense" in wrong.stderr


def test_a_running_monitor_answers_names_a_lock_queue_in_two_intervals_and_ends_well(project, server):
    user = f"{project.database}_app"[:32]
    with connect(server.tcp_endpoint) as admin:
        execute(admin, "CREATE USER %s@'%%' IDENTIFIED BY %s", (user, PASSWORD))
        execute(admin, "GRANT ALL ON *.* TO %s@'%%'", (user,))
    try:
        project.endpoint = Endpoint("127.0.0.1", server.port, user, PASSWORD)
        interval, port = 1.0, _free_port()
        process = project.start("monitor", "--listen", f"127.0.0.1:{port}", MONITOR_INTERVAL=f"{interval}s")
        try:
            _until(lambda: b"dbsync_level" in _get(port, "/metrics"), 20)
            with connect(project.endpoint, project.database) as blocker:
                execute(blocker, "BEGIN")
                execute(blocker, "SELECT COUNT(*) FROM `User`")
                alter = ("ALTER TABLE `User` ADD COLUMN `x` INTEGER NULL",)
                waiting = threading.Thread(target=project.execute, args=alter)
                waiting.start()
                begun = time.monotonic()
                name = f'condition="lock_queue {blocker.thread_id()}"'
                try:
                    _until(lambda: name.encode() in _get(port, "/metrics"), 3 * interval)
                    took = time.monotonic() - begun
                finally:
                    execute(blocker, "COMMIT")
                    waiting.join()
            assert took <= 2 * interval + 0.5, took
            assert str(blocker.thread_id()).encode() in _get(port, "/")
        finally:
            process.send_signal(signal.SIGTERM)
            out, err = process.communicate(timeout=20)
        assert process.returncode == 0, err
        for text in (out, err):
            assert "canary" not in text
        for path in (project.folder / ".dbsync").rglob("*"):
            if path.is_file():
                assert b"canary" not in path.read_bytes(), path
        log = (project.folder / ".dbsync" / "log" / "dbsync.log").read_text()
        assert re.search(r"monitoring: lock_queue \d+ is WARN: database: 1 session waits", log)
        _, listed = project.report("log", "-n", "5")
        assert json.dumps(listed)
    finally:
        with connect(server.tcp_endpoint) as admin:
            execute(admin, "DROP USER %s@'%%'", (user,))


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def _get(port: int, path: str) -> bytes:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as answer:
            return answer.read()
    except OSError:
        return b""


def _until(holds, seconds: float) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "not in time"
        time.sleep(0.05)
