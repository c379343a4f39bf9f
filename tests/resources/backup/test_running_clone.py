"""A backup that was begun and is given up, at any moment, leaves nothing behind."""

from __future__ import annotations

import threading
import time

import psutil
import pytest

from resources.backup.catalog import list_backups
from resources.backup.make import FullBackup
from tests.resources.backup.conftest import entries, leftovers

pytestmark = pytest.mark.slow


def _own_servers(target) -> list[int]:
    """Process ids of private servers below the target's state folder."""
    folder = str(target.state)
    return [
        process.pid
        for process in psutil.process_iter(["cmdline"])
        if any(folder in part for part in process.info["cmdline"] or [])
    ]


@pytest.mark.parametrize("seconds", [0.0, 0.3, 0.8, 3.0])
def test_given_up_it_leaves_no_backup_no_folder_and_no_server(awkward, seconds):
    backup = FullBackup(awkward)
    time.sleep(seconds)  # at its start, while the recipient starts, while it copies, when it is done
    backup.abandon()
    backup.abandon()
    assert entries(awkward.storage) == [] and leftovers(awkward) == []
    assert _own_servers(awkward) == []
    assert not [thread for thread in threading.enumerate() if thread.name.startswith(("clone", "store"))]


def test_begun_early_it_holds_what_was_there_when_it_is_finished_later(awkward):
    backup = FullBackup(awkward)
    time.sleep(1.5)
    made = backup.finish()
    backup.abandon()
    made.close()
    assert [one.id for one in list_backups(awkward.storage)] == [made.manifest.id]
    assert made.manifest.proof.proven and backup.seconds > 1.5
    assert leftovers(awkward) == []
