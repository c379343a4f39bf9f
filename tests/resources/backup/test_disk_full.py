"""A full disk, on a real one of 1 MB and at each call: an error that says so, and nothing left behind."""

from __future__ import annotations

import errno
import os
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup import by_clone, by_dump, room
from resources.backup.catalog import list_backups
from resources.backup.make import make_full_backup
from resources.backup.packer import Packer
from resources.backup.storage_io import REAL
from resources.errors import DiskFullError
from resources.target import Keep
from tests.resources.backup.conftest import entries, leftovers, world

pytestmark = pytest.mark.slow

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounting a small disk takes root")


@pytest.fixture
def small_disk(tmp_path):
    folder = tmp_path / "small"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "tmpfs", str(folder)], check=True)
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def _without_the_look_beforehand(monkeypatch) -> None:
    for module in (by_clone, by_dump):
        monkeypatch.setattr(module, "require_room", lambda needs: None)


@needs_root
def test_a_disk_too_small_is_seen_before_anything_is_written(awkward, small_disk):
    target = replace(awkward, storage=small_disk / "backups")
    with pytest.raises(DiskFullError) as error:
        make_full_backup(target)
    assert "need about" in error.value.why and "have" in error.value.why
    assert entries(target.storage) == [] and leftovers(target) == []


@needs_root
def test_a_disk_that_fills_up_while_storing_is_named_and_the_work_removed(awkward, small_disk, monkeypatch):
    _without_the_look_beforehand(monkeypatch)
    was = world(awkward.endpoint, awkward.database)
    target = replace(awkward, storage=small_disk / "backups")
    with pytest.raises(DiskFullError) as error:
        make_full_backup(target)
    assert str(small_disk) in error.value.what and "have" in error.value.why
    assert list_backups(target.storage) == [] and leftovers(target) == []
    assert world(awkward.endpoint, awkward.database) == was


@needs_root
def test_a_full_disk_under_the_private_servers_is_named_too(awkward, small_disk, monkeypatch):
    _without_the_look_beforehand(monkeypatch)
    target = replace(awkward, state=small_disk / "state")
    with pytest.raises(DiskFullError) as error:
        make_full_backup(target)
    assert str(small_disk) in str(error.value)
    assert list_backups(target.storage) == [] and leftovers(target) == []


@needs_root
def test_a_file_that_is_given_up_says_nothing_of_the_disk_that_was_full(small_disk):
    packer = Packer(small_disk / "random.zst", "random")
    packer.feed(os.urandom(3 << 19))  # a block of it is on its way to the disk, which is too small
    packer.close()
    assert (small_disk / "random.zst").stat().st_size < 3 << 19, "the disk was full indeed"


@needs_root
def test_no_room_for_the_manifest_leaves_no_backup_and_old_ones_are_kept(awkward, small_disk, monkeypatch):
    older = [make_full_backup(awkward).manifest.id for _ in range(2)]

    def fills_up(path: Path):
        if path.name == "manifest.json":
            # The real thing, at the one moment that matters: nothing is free any more.
            return (small_disk / "full").open("wb", buffering=0)
        return REAL.create(path)

    (small_disk / "filler").write_bytes(bytes(1020 << 10))
    target = replace(awkward, keep=Keep(last=1))
    with pytest.raises(DiskFullError) as error:
        make_full_backup(target, io=replace(REAL, create=fills_up))
    assert "manifest.json" in error.value.what
    assert [one.id for one in list_backups(target.storage)] == older, "no old backup was removed"
    assert leftovers(target) == []


@pytest.mark.parametrize("engine", ["clone", "mysqldump"])
@pytest.mark.parametrize("call", ["create", "write", "fsync", "rename"])
def test_each_call_that_finds_the_disk_full(awkward, call, engine):
    def full(*arguments: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    target = replace(awkward, backup_engine=engine)
    with pytest.raises(DiskFullError) as error:
        make_full_backup(target, io=replace(REAL, **{call: full}))
    assert error.value.what.startswith("disk full: ")
    assert entries(target.storage) == [] and leftovers(target) == []


def test_folders_on_one_disk_share_its_space(tmp_path, monkeypatch):
    free = room.shutil.disk_usage(tmp_path).free
    with pytest.raises(DiskFullError):
        room.require_room([(tmp_path / "a" / "b", free * 2 // 3), (tmp_path, free * 2 // 3)])
    room.require_room([(tmp_path / "a" / "b", free // 4), (tmp_path, free // 4)])
