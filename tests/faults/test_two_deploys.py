"""Two deployments at once: one proceeds, the other leaves at once and names the holder."""

from __future__ import annotations

import time

import pytest

from tests.e2e.conftest import GOOD

pytestmark = pytest.mark.slow


def test_the_second_deploy_leaves_within_five_seconds_naming_the_holder_and_makes_no_backup(project):
    project.add_migration("20260401000000_slow", "DO (SELECT SLEEP(12) FROM `User` LIMIT 1);\n")
    first = project.start("deploy")
    project.wait_for_phase("migration_started", first)
    backups = project.report("backups", "list")[1]
    begun = time.monotonic()
    second = project.run("deploy")
    spent = time.monotonic() - begun
    assert second.returncode == 15, second.stderr
    assert spent < 5 + 3, "five seconds for the lock, and what starting the command takes"
    assert "since" in second.stderr and str(first.pid) in second.stderr
    assert project.report("backups", "list")[1] == backups
    first.communicate(timeout=60)
    assert first.returncode == 0
    project.add_migration("20260501000000_later", GOOD[1])
    assert project.run("deploy").returncode == 0
