"""Which old backups go, and when none does; read back from the disk."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resources.backup.archive import pack
from resources.backup.catalog import list_backups
from resources.backup.index import look
from resources.backup.manifest import Manifest, Proof
from resources.backup.retention import Pruned, prune_backups
from resources.errors import ConnectError
from resources.journal import Journal
from resources.mysql.endpoint import Endpoint
from resources.target import Keep, Target
from tests.resources.backup.test_manifest import MANIFEST

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
UNPROVEN = Proof(False, "", "", 0.0, "not proven", "")


@pytest.fixture
def storage(tmp_path) -> Path:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "data").write_bytes(b"rows" * 1000)
    return tmp_path / "storage"


@pytest.fixture
def add(storage, tmp_path):
    """Put a small but whole backup into the storage; `hour` is when it was made."""

    def put(
        number: int,
        hour: int | None = None,
        *,
        type: str = "full",
        timestamp_text: str = "",
        **more: object,
    ) -> Manifest:
        backup_id = f"20261122T120000Z-{number:04d}-{'full' if type == 'full' else 'incr'}"
        folder = storage / backup_id
        folder.mkdir(parents=True)
        files = tuple(pack(tmp_path / "source", ["data"], folder))
        made = NOON - timedelta(days=1) + timedelta(hours=number if hour is None else hour)
        timestamp = timestamp_text or made.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        size = sum(file.stored_length for file in files)
        one = replace(MANIFEST, id=backup_id, type=type, timestamp=timestamp, files=files, size=size, **more)
        (folder / "manifest.json").write_bytes(one.encode())
        return one

    return put


def remove(
    storage: Path, keep: Keep | int, *, now: datetime = NOON, dry_run: bool = False, made: str = ""
) -> Pruned:
    keep = Keep(last=keep) if isinstance(keep, int) else keep
    nowhere = Endpoint("127.0.0.1", 1, "u", "p")
    target = Target(nowhere, MANIFEST.database, storage, storage, storage, storage, keep=keep)
    return prune_backups(target, server_uuid=MANIFEST.server_uuid, now=now, dry_run=dry_run, made=made)


def ids(storage: Path) -> list[int]:
    return [int(one.id.split("-")[1]) for one in list_backups(storage)]


def flip(path: Path) -> None:
    """One bit, the length unchanged."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def test_the_newest_are_kept_and_the_index_knows(storage, add):
    for number in range(1, 6):
        add(number)
    done = remove(storage, 2)
    assert len(done.removed) == 3
    assert ids(storage) == [4, 5]
    names = {path.name for path in storage.iterdir()}
    assert names == {one.id for one in list_backups(storage)} | {"catalog.json"}
    assert look(storage).index == "sound" and len(look(storage).entries) == 2


def test_a_dry_run_says_what_would_go_and_touches_nothing(storage, add):
    for number in range(1, 4):
        add(number)
    before = sorted(storage.rglob("*"))
    would = remove(storage, 1, dry_run=True)
    assert sorted(storage.rglob("*")) == before
    assert {one.id: (one.kept, one.why) for one in would.plan.verdicts} == {
        "20261122T120000Z-0001-full": (False, "a newer good one is kept"),
        "20261122T120000Z-0002-full": (False, "a newer good one is kept"),
        "20261122T120000Z-0003-full": (True, "newest"),
    }
    assert remove(storage, 1).removed == would.removed


@pytest.mark.parametrize("keep", [1, 0, -3])
def test_one_is_always_kept(storage, add, keep):
    add(1)
    add(2)
    remove(storage, keep)
    assert ids(storage) == [2]


def test_fewer_than_are_kept_means_none_is_removed(storage, add):
    add(1)
    add(2)
    assert remove(storage, 7).removed == ()
    assert ids(storage) == [1, 2]


def test_the_minimum_of_proven_ones_outweighs_every_other_rule(storage, add):
    for number in range(1, 6):
        add(number)
    remove(storage, Keep(last=1, min_proven=3))
    assert ids(storage) == [3, 4, 5]


def test_days_weeks_and_months_keep_their_newest(storage, add):
    for number, days in enumerate([70, 69, 40, 39, 15, 9, 8, 2, 1, 0], start=1):
        add(number, hour=24 - 24 * days)
    remove(storage, Keep(last=1, daily=2, weekly=2, monthly=3), now=NOON)
    # 23 November is a Monday: 9 and 8 are of the week before, 10 is of this one.
    assert ids(storage) == [2, 4, 9, 10], "September 15, October 15, yesterday, today"


def test_damaged_backups_do_not_count_so_the_last_good_ones_stay(storage, add):
    for number in range(1, 5):
        add(number)
    (storage / "20261122T120000Z-0003-full" / "files" / "data.zst").write_bytes(b"short")
    remove(storage, 2)
    assert ids(storage) == [2, 3, 4], "2 and 4 are the two good ones"


def test_nothing_is_removed_while_the_newest_is_damaged_or_not_proven(storage, add, said):
    add(1)
    add(2)
    add(3, proof=UNPROVEN)
    assert remove(storage, 1).removed == ()
    (storage / "20261122T120000Z-0003-full" / "files" / "data.zst").unlink()
    assert remove(storage, 1).removed == ()
    assert ids(storage) == [1, 2, 3]
    assert any("0003-full is not proven" in line for line in said.lines)
    assert any("0003-full is not whole" in line for line in said.lines)


def test_nothing_is_removed_while_the_newest_has_a_damaged_manifest(storage, add, said):
    for number in range(1, 4):
        add(number)
    flip(storage / "20261122T120000Z-0003-full" / "manifest.json")
    assert remove(storage, 1).removed == ()
    assert {path.name for path in storage.iterdir() if path.is_dir()} == {
        f"20261122T120000Z-000{number}-full" for number in (1, 2, 3)
    }
    assert any("0003-full" in line and "damaged" in line for line in said.lines)


def test_an_old_one_with_a_damaged_manifest_is_nobodys_to_remove(storage, add):
    for number in range(1, 4):
        add(number)
    flip(storage / "20261122T120000Z-0001-full" / "manifest.json")
    remove(storage, 1)
    assert ids(storage) == [3]
    assert (storage / "20261122T120000Z-0001-full").is_dir()


def test_the_one_that_would_be_left_is_read_before_the_others_go(storage, add, said):
    """A flipped bit that no length betrays: were the older ones gone, nothing would restore."""
    for number in range(1, 4):
        add(number)
    flip(storage / "20261122T120000Z-0003-full" / "files" / "data.zst")
    done = remove(storage, 1)
    assert done.removed == () and ids(storage) == [1, 2, 3]
    assert "0003-full is damaged" in done.plan.refusal and "sha256" in done.plan.refusal


def test_nothing_is_removed_after_the_clock_was_set_back(storage, add, said):
    add(1, hour=10)
    add(2, hour=11)
    add(3, hour=9)
    assert remove(storage, 1).removed == ()
    assert ids(storage) == [1, 2, 3]
    assert any("clock was set back" in line for line in said.lines)


def test_a_set_back_further_back_stops_nothing_once_a_good_one_is_newer_than_both(storage, add):
    for number, hour in enumerate((10, 11, 9, 12), 1):
        add(number, hour=hour)
    assert remove(storage, 2).plan.refusal == ""
    assert ids(storage) == [3, 4]


def test_a_newer_increment_does_not_end_the_set_back_of_the_newest_full_backup(storage, add):
    base = [add(number, hour=hour) for number, hour in enumerate((10, 11, 9), 1)][-1]
    add(4, hour=12, type="incremental", parent=base.id)
    assert "clock was set back" in remove(storage, 1).plan.refusal
    assert ids(storage) == [1, 2, 3, 4]


def test_nothing_is_removed_while_the_clock_is_behind_the_newest_backup(storage, add, said):
    add(1, hour=10)
    add(2, hour=11)
    assert remove(storage, 1, now=NOON - timedelta(days=1)).removed == ()
    assert ids(storage) == [1, 2]
    assert any("was made later" in line for line in said.lines)


def test_backups_of_other_databases_and_other_things_are_not_touched(storage, add):
    add(1)
    add(2, database="other")
    add(3, server_uuid="other")
    add(4)
    (storage / "journal").mkdir()
    remove(storage, 1)
    assert ids(storage) == [2, 3, 4]
    assert (storage / "journal").is_dir()


@pytest.mark.parametrize("kind", [None, "restores"])
def test_a_backup_that_an_unfinished_rollback_or_restore_needs_is_kept(storage, add, kind):
    needed = add(1)
    for number in range(2, 6):
        add(number)
    journal = Journal(storage, kind)
    entry = journal.begin("shop@elsewhere:3306", backup_id=needed.id)
    journal.record(entry, "rollback_refused")
    remove(storage, 2)
    assert ids(storage) == [1, 4, 5]
    journal.record(entry, "restored")
    remove(storage, 2)
    assert ids(storage) == [4, 5]


def test_increments_stay_and_go_with_their_full_backup(storage, add):
    first = add(1)
    second = add(2, type="incremental", parent=first.id)
    add(3, type="incremental", parent=second.id)
    later = add(4)
    add(5, type="incremental", parent=later.id, proof=UNPROVEN)
    remove(storage, 2)
    assert ids(storage) == [1, 2, 3, 4, 5]
    remove(storage, 1)
    assert ids(storage) == [4, 5]


def test_a_needed_increment_keeps_the_chain_that_it_ends(storage, add):
    first = add(1)
    second = add(2, type="incremental", parent=first.id)
    third = add(3, type="incremental", parent=second.id)
    add(4)
    Journal(storage, "restores").begin("shop@there:1", backup_id=third.id)
    remove(storage, 1)
    assert ids(storage) == [1, 2, 3, 4]


def test_increments_without_their_full_backup_are_removed(storage, add):
    add(1, type="incremental", parent="20261122T110000Z-0001-full")
    add(2, type="incremental", parent="20261122T120000Z-0001-incr")
    third = add(3)
    add(4, type="incremental", parent=third.id)
    remove(storage, 7)
    assert ids(storage) == [3, 4]


def test_increments_of_a_full_backup_with_a_damaged_manifest_are_kept(storage, add):
    first = add(1)
    add(2, type="incremental", parent=first.id)
    add(3)
    flip(storage / first.id / "manifest.json")
    remove(storage, 1)
    assert ids(storage) == [2, 3] and (storage / first.id).is_dir()


def test_what_killed_processes_left_is_cleaned_and_what_lives_is_not(storage, add):
    add(1)
    removing = storage / "20261122T110000Z-0001-full.partial"
    old, new = storage / ".new-abc.partial", storage / ".new-def.partial"
    torn, fresh = storage / ".catalog.json.17.partial", storage / ".catalog.json.18.partial"
    for folder in (removing, old, new):
        folder.mkdir()
    for file in (torn, fresh):
        file.touch()
    yesterday = time.time() - 86400
    for path in (old, torn):
        os.utime(path, (yesterday, yesterday))
    assert len(remove(storage, 7, dry_run=True).cleaned) == 3
    assert len(remove(storage, 7).cleaned) == 3
    assert [path for path in (removing, old, torn) if path.exists()] == []
    assert new.is_dir() and fresh.is_file(), "they could be a living process's, this very moment"


def test_a_removal_that_was_interrupted_is_finished_by_the_next(storage, add, monkeypatch):
    for number in range(1, 4):
        add(number)

    def killed(path: Path) -> None:
        raise OSError("the power went")

    with monkeypatch.context() as patch:
        patch.setattr("resources.backup.remote.removal.shutil.rmtree", killed)
        with pytest.raises(OSError, match="power"):
            remove(storage, 1)
    assert ids(storage) == [1, 3], "what is half removed is not listed"
    remove(storage, 1)
    assert ids(storage) == [3]
    assert [path.name for path in storage.glob("*.partial")] == []


def test_without_the_server_nothing_is_removed(storage, add, tools, tmp_path):
    from resources.backup.retention import prune

    for number in range(1, 4):
        add(number)
    nowhere = Endpoint("127.0.0.1", 1, "u", "p")
    target = Target(nowhere, MANIFEST.database, storage, storage, storage, tools, keep=Keep(last=1))
    with pytest.raises(ConnectError):
        prune(target, now=NOON)
    assert ids(storage) == [1, 2, 3]
