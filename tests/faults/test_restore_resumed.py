"""A restore that was killed goes on with the tables that were ready; `restore finish` ends what is kept."""

from __future__ import annotations

import json
import time

import pytest

from resources.rollback.load_side import KEPT
from tests.support.project import Project, kill

pytestmark = pytest.mark.slow

MANY = (
    "INSERT INTO `Post` (`userId`, `title`) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n"
    " WHERE i < 200000) SELECT 1, SHA2(i, 512) FROM n"
)


@pytest.fixture
def backup_id(project: Project) -> str:
    project.execute("SET SESSION cte_max_recursion_depth = 1000000", MANY)
    code, made = project.report("backup")
    assert code == 0, made
    return made["id"]


def _events(project: Project) -> list[dict]:
    """Of the newest restore."""
    files = sorted((project.storage / "journal" / "restores").glob("*.jsonl"))
    lines = files[-1].read_text(encoding="utf-8").splitlines() if files else []
    return [json.loads(line) for line in lines if line.strip()]


def _ready(project: Project) -> set[str]:
    return {event["table"] for event in _events(project) if event.get("step") == "table"}


def _killed_half_way(project: Project, *command: str, **environment: str) -> set[str]:
    """The tables that were ready when it was killed."""
    process = project.start(*command, **environment)
    deadline = time.monotonic() + 120
    while not _ready(project) and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.002)
    kill(process)
    ready = _ready(project)
    assert ready and not any(event.get("step") == "loaded" for event in _events(project))
    return ready


@pytest.mark.parametrize("way", ["auto", "rows"])
def test_a_killed_restore_goes_on_with_the_tables_that_were_ready(project, backup_id, way):
    good = project.world()
    project.execute("DELETE FROM `Post` WHERE `id` = 2", "CREATE TABLE `Later` (`id` INT PRIMARY KEY)")
    changed = project.world()
    command = ("restore", backup_id, "--accept-loss")
    ready = _killed_half_way(project, *command, RESTORE_WAY=way)
    assert project.world() == changed, "nothing is touched before the swap"
    code, done = project.report(*command, RESTORE_WAY=way)
    assert code == 0, done
    assert project.world() == good
    kept = {event["table"] for event in _events(project) if event.get("way") == KEPT}
    assert kept == ready, "and they were not carried a second time"
    [aside] = project.databases() - {project.database}
    assert done["replaced_state"] == aside

    refused = project.run("restore", "finish")
    assert refused.returncode == 19 and aside in project.databases()
    code, finished = project.report("restore", "finish", "--yes")
    assert code == 0 and finished["dropped"] == [aside]
    assert project.databases() == {project.database} and project.world() == good
    code, again = project.report("restore", "finish", "--yes")
    assert code == 0 and again["kept"] == []


def test_what_was_ready_is_read_again_and_a_changed_table_is_carried_anew(project, backup_id):
    good = project.world()
    command = ("restore", backup_id, "--accept-loss")
    ready = _killed_half_way(project, *command, RESTORE_WAY="rows")
    [side] = [name for name in project.databases() if "__dbsync_side_" in name]
    victim = sorted(ready)[0]
    project.execute(f"DELETE FROM `{side}`.`{victim}` LIMIT 1")
    code, done = project.report(*command, RESTORE_WAY="rows")
    assert code == 0, done
    assert project.world() == good
    assert not any(event.get("way") == KEPT and event["table"] == victim for event in _events(project))


def test_the_server_starts_after_a_crash_in_the_middle_of_a_restore_by_files(project, server, backup_id):
    good = project.world()
    _killed_half_way(project, "restore", backup_id, "--accept-loss")
    server.kill()
    server.start()
    assert project.world() == good
    code, done = project.report("restore", backup_id, "--accept-loss")
    assert code == 0, done
    assert project.world() == good
    assert project.run("restore", "finish", "--yes").returncode == 0
    left = [path.name for path in server.datadir.iterdir() if "__dbsync_" in path.name]
    assert left == []


def test_finish_leaves_what_an_unfinished_restore_still_needs(project, backup_id):
    project.execute("CREATE TABLE `Later` (`id` INT PRIMARY KEY)")
    process = project.start("restore", backup_id, "--accept-loss")
    deadline = time.monotonic() + 120
    while process.poll() is None and time.monotonic() < deadline:
        if any(event.get("step") == "swapped" for event in _events(project)):
            break
        time.sleep(0.001)
    kill(process)
    if _events(project)[-1]["phase"] == "restored":
        pytest.skip("it was faster than the kill")
    [aside] = [name for name in project.databases() if "__dbsync_aside_" in name]
    done = project.run("restore", "finish", "--yes")
    assert done.returncode in (0, 35), done.stderr
    assert aside in project.databases()
    with_later = project.query(f"SHOW TABLES FROM `{aside}` LIKE 'Later'")
    assert with_later, "the state before is still there"
    assert project.run("restore", backup_id, "--accept-loss").returncode == 0
