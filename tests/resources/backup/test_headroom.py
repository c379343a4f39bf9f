"""For how many more backups there is room: on a real disk of a known size."""

from __future__ import annotations

import os
import subprocess
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resources.backup import headroom as module
from resources.backup.entry import Entry
from resources.backup.headroom import headroom
from resources.mysql.endpoint import Endpoint
from resources.target import Keep, Target
from tests.resources.backup.test_manifest import MANIFEST

MB = 1_000_000
NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)


@pytest.fixture
def disk(tmp_path):
    """100 MiB, all free."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk takes root")
    folder = tmp_path / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=100m", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def target(storage: Path, state: Path, keep: int = 3) -> Target:
    nowhere = Endpoint("h", 1, "u", "p")
    return Target(nowhere, MANIFEST.database, storage, storage, state, state, keep=Keep(last=keep))


def life(*sizes: int, hours: float = 24, type: str = "full") -> list[Entry]:
    """Backups of so many MB each, one a day."""
    return [
        replace(
            Entry.of(MANIFEST, "0" * 64),
            id=f"20261123T{number:06d}Z-0001-{'full' if type == 'full' else 'incr'}",
            type=type,
            timestamp=(NOON + timedelta(hours=hours * number)).isoformat(),
            size=size * MB,
            plain_size=2 * size * MB,
        )
        for number, size in enumerate(sizes)
    ]


def test_old_ones_that_leave_make_room_for_new_ones_without_end(disk, tmp_path):
    found = headroom(target(disk, tmp_path), life(20, 20, 20))
    assert found and found.is_enough and found.fits == 1000 and found.days is None
    assert found.used == 60 * MB and found.free == 100 << 20
    assert "no end in sight" in str(found)


def test_until_as_many_are_there_as_are_kept_none_leaves(disk, tmp_path):
    found = headroom(target(disk, tmp_path, keep=7), life(20, 20))
    assert found and found.fits == 5, "100 MiB are room for five of 20 MB"
    assert found.days == 5


def test_growth_is_counted_in(disk, tmp_path):
    steady = headroom(target(disk, tmp_path, keep=100), life(10, 10, 10, 10))
    growing = headroom(target(disk, tmp_path, keep=100), life(1, 4, 7, 10))
    assert steady and growing
    assert growing.growth == 3 * MB and growing.next_size == 13 * MB
    assert steady.fits == 10 and growing.fits == 5, "13 + 16 + 19 + 22 + 25 = 95"


def test_increments_take_room_too(disk, tmp_path):
    [first, second] = life(20, 20)
    increments = life(0, 10, 10, hours=1, type="incremental")[1:]
    increments = [
        replace(one, id=f"20261123T000000Z-000{n}-incr") for n, one in enumerate(increments, start=2)
    ]
    found = headroom(target(disk, tmp_path, keep=9), [first, *increments, second])
    assert found and found.next_size == 30 * MB, "two of 10 MB for every second full backup"
    assert found.fits == 3


def test_the_private_copy_takes_room_on_the_same_disk(disk):
    found = headroom(target(disk, disk / "state"), life(20, 20, 20))
    assert found and found.fits == 0 and found.short_of == disk
    assert not found.is_enough and f"no room for another backup at {disk}" in str(found)


def test_a_scratch_disk_that_is_too_small_is_named(disk, tmp_path):
    found = headroom(target(tmp_path / "storage", disk / "state"), life(20, 20, 20))
    assert found and found.fits == 0 and found.short_of == disk


def test_nothing_is_said_before_the_first_backup(tmp_path):
    assert headroom(target(tmp_path, tmp_path), []) is None
    assert headroom(target(tmp_path, tmp_path), [replace(one, database="other") for one in life(1)]) is None


def test_the_forecast_looks_no_further_than_it_says():
    assert module._fits(1e18, 1.0, 0.0, [], 10**6) == module._FAR
