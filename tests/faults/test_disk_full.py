"""A full disk stops a deployment before its migrations, and says what is needed and what is there."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.e2e.conftest import GOOD

pytestmark = pytest.mark.slow


@pytest.fixture
def small_storage(tmp_path):
    folder = tmp_path / "storage"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder]
    if os.geteuid() != 0 or subprocess.run(mount).returncode:
        pytest.skip("mounting a tmpfs needs root")
    yield folder
    subprocess.run(["umount", folder], check=True)


def test_no_room_for_the_backup_stops_the_deployment_and_nothing_is_applied(project, small_storage):
    project.add_migration(*GOOD)
    before = project.world()
    done = project.run("deploy", BACKUP_STORAGE_PATH=str(small_storage))
    assert done.returncode == 16, done.stderr
    assert "disk full" in done.stderr and "need" in done.stderr and "have" in done.stderr
    assert project.world() == before
    assert not list(small_storage.glob("*-full")), "nothing is listed"
