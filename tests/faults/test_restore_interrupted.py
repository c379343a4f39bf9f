"""A restore that is killed, cut off or out of room: the state is named and nothing is lost."""

from __future__ import annotations

import json
import os
import subprocess
import time

import pytest

from tests.support.project import kill
from tests.support.tcp_proxy import TcpProxy

pytestmark = pytest.mark.slow


@pytest.fixture
def backup_id(project) -> str:
    code, made = project.report("backup")
    assert code == 0
    project.execute("DELETE FROM `Post` WHERE `id` = 2", "CREATE TABLE `Later` (`id` INT PRIMARY KEY)")
    return made["backup"]["id"] if "backup" in made else made["id"]


def _steps(project) -> list[str]:
    files = sorted((project.storage / "journal" / "restores").glob("*.jsonl"))
    lines = files[-1].read_text(encoding="utf-8").splitlines() if files else []
    events = [json.loads(line) for line in lines if line.strip()]
    return [str(event.get("step", event["phase"])) for event in events]


def _kept(project) -> list[str]:
    """Databases that keep what a restore replaced."""
    return [name for name in project.databases() if "__dbsync_aside_r" in name]


@pytest.mark.parametrize("step", ["begun", "side", "loaded", "compared", "swapping", "swapped"])
def test_killed_at_each_step_the_next_command_says_so_and_the_same_restore_completes(
    project, backup_id, step
):
    process = project.start("restore", backup_id, "--accept-loss")
    deadline = time.monotonic() + 60
    while step not in _steps(project) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    kill(process)
    assert step in _steps(project)
    assert project.run("status").returncode == 35
    said = project.run("check").stderr
    assert f"the restore of backup {backup_id}, which did not complete" in said
    done = project.run("restore", backup_id, "--accept-loss")
    assert done.returncode == 0, done.stderr
    assert [row[0] for row in project.query("SELECT `id` FROM `Post` ORDER BY 1")] == [1, 2, 3]
    assert project.query("SHOW TABLES LIKE 'Later'") == []
    later = [name for name in _kept(project) if project.query(f"SHOW TABLES FROM `{name}` LIKE 'Later'")]
    assert later, "what the restore replaced is still there"


def test_a_connection_lost_in_a_restore_names_the_state_pages_and_loses_nothing(
    project, backup_id, httpserver
):
    httpserver.expect_request("/hook").respond_with_data("ok")
    project.environment["NOTIFICATION_WEBHOOK"] = httpserver.url_for("/hook")
    before = project.world()
    with TcpProxy(("127.0.0.1", project.endpoint.port)) as proxy:
        url = project.url.replace(f":{project.endpoint.port}/", f":{proxy.port}/")
        # The server's identity is the same, its address is not: so it has to be named.
        name = f"{project.database}@127.0.0.1:{proxy.port}"
        process = project.start(
            "restore", backup_id, "--accept-loss", "--confirm-target", name, DATABASE_URL=url
        )
        deadline = time.monotonic() + 60
        while "side" not in _steps(project) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.002)
        proxy.cut()
        _, errors = process.communicate(timeout=120)
    assert process.returncode == 23, errors
    assert "DATA STATE" in errors and f"dbsync restore {backup_id}" in errors
    (page,) = [json.loads(request.get_data()) for request, _ in httpserver.log]
    assert page["event"]["kind"] == "rollback_incomplete" and "DATA STATE" in page["error"]["why"]
    assert f"dbsync restore {backup_id}" in page["event"]["next"]
    assert project.world() == before or _kept(project), "in place, or kept aside"
    assert project.run("restore", backup_id, "--accept-loss").returncode == 0


def test_no_room_to_unpack_the_backup_touches_nothing(project, backup_id, tmp_path):
    state = tmp_path / "small"
    state.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=40m", "tmpfs", state]
    if os.geteuid() != 0 or subprocess.run(mount).returncode:
        pytest.skip("mounting a tmpfs needs root")
    try:
        before = project.world()
        done = project.run(
            "restore",
            backup_id,
            "--accept-loss",
            DBSYNC_STATE=str(state),
            BACKUP_STORAGE_PATH=str(project.storage),
        )
        assert done.returncode == 16, done.stderr
        assert "disk full" in done.stderr
        assert project.world() == before and _kept(project) == []
    finally:
        subprocess.run(["umount", state], check=True)
