"""A long transaction holds a table: the migration gives up in time and names who holds it."""

from __future__ import annotations

import threading
import time

import pytest

from resources.mysql.connection import connect, execute

pytestmark = pytest.mark.slow


def test_the_blocker_is_named_other_sessions_wait_no_longer_than_the_bound_and_nobody_is_killed(project):
    project.add_migration("20260401000000_alter", "ALTER TABLE `User` ADD COLUMN `x` INTEGER NULL;\n")
    before = project.world()
    waited: list[float] = []
    with connect(project.endpoint, project.database) as blocker:
        execute(blocker, "BEGIN")
        execute(blocker, "SELECT COUNT(*) FROM `User`")
        process = project.start("deploy", LOCK_WAIT_TIMEOUT="2", LOCK_WAIT_RETRIES="1")
        project.wait_for_phase("migration_started", process)

        def read() -> None:
            while process.poll() is None:
                begun = time.monotonic()
                project.query("SELECT COUNT(*) FROM `User`")
                waited.append(time.monotonic() - begun)

        reader = threading.Thread(target=read)
        reader.start()
        _, errors = process.communicate(timeout=120)
        reader.join()
        assert process.returncode == 42, errors
        assert str(blocker.thread_id()) in errors and project.endpoint.user in errors
        execute(blocker, "COMMIT")  # still there: nothing was killed
    assert max(waited) < 2 + 2
    assert project.world() == before
