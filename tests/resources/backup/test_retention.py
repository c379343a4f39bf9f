"""Which old backups go, and when none does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.archive import pack
from resources.backup.catalog import list_backups
from resources.backup.manifest import Manifest, Proof
from resources.backup.retention import remove_old_backups
from resources.mysql.endpoint import Endpoint
from resources.target import Target
from tests.resources.backup.test_manifest import MANIFEST


@pytest.fixture
def storage(tmp_path) -> Path:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "data").write_bytes(b"rows" * 1000)
    return tmp_path / "storage"


@pytest.fixture
def add(storage, tmp_path):
    """Put a small but whole backup into the storage."""

    def put(number: int, hour: int = 0, **more: object) -> Manifest:
        backup_id = f"20261123T120000Z-{number:04d}-full"
        folder = storage / backup_id
        folder.mkdir(parents=True)
        files = tuple(pack(tmp_path / "source", ["data"], folder))
        timestamp = f"2026-11-23T{hour or number:02d}:00:00.000Z"
        made = replace(MANIFEST, id=backup_id, timestamp=timestamp, files=files, **more)
        (folder / "manifest.json").write_bytes(made.encode())
        return made

    return put


def remove(storage: Path, keep: int, owed: tuple[str, ...] = ()) -> list[str]:
    target = Target(
        endpoint=Endpoint("127.0.0.1", 1, "nobody", "nothing"),
        database=MANIFEST.database,
        migrations=storage,
        storage=storage,
        state=storage.parent / "state",
        tools=storage,
        keep_backups=keep,
    )
    return remove_old_backups(target, server_uuid=MANIFEST.server_uuid, owed=owed)


def ids(storage: Path) -> list[int]:
    return [int(one.id.split("-")[1]) for one in list_backups(storage)]


def test_the_newest_are_kept(storage, add):
    for number in range(1, 6):
        add(number)
    assert len(remove(storage, 2)) == 3
    assert ids(storage) == [4, 5]
    assert sorted(path.name for path in storage.iterdir()) == [one.id for one in list_backups(storage)]


@pytest.mark.parametrize("keep", [1, 0, -3])
def test_one_is_always_kept(storage, add, keep):
    add(1)
    add(2)
    remove(storage, keep)
    assert ids(storage) == [2]


def test_fewer_than_are_kept_means_none_is_removed(storage, add):
    add(1)
    add(2)
    assert remove(storage, 7) == []
    assert ids(storage) == [1, 2]


def test_damaged_backups_do_not_count_so_the_last_good_ones_stay(storage, add):
    for number in range(1, 5):
        add(number)
    (storage / "20261123T120000Z-0003-full" / "files" / "data.zst").write_bytes(b"short")
    remove(storage, 2)
    assert ids(storage) == [2, 3, 4], "2 and 4 are the two good ones"


def test_nothing_is_removed_while_the_newest_is_damaged_or_not_proven(storage, add, said):
    add(1)
    add(2)
    add(3, proof=Proof(False, "", "", 0.0, "not proven"))
    assert remove(storage, 1) == []
    (storage / "20261123T120000Z-0003-full" / "files" / "data.zst").unlink()
    assert remove(storage, 1) == []
    assert ids(storage) == [1, 2, 3]
    assert any("not good" in line for line in said.lines)


def test_nothing_is_removed_after_the_clock_was_set_back(storage, add, said):
    add(1, hour=10)
    add(2, hour=11)
    add(3, hour=9)
    assert remove(storage, 1) == []
    assert ids(storage) == [1, 2, 3]
    assert any("clock" in line for line in said.lines)


def test_backups_of_other_databases_and_other_things_are_not_touched(storage, add):
    add(1)
    add(2, database="other")
    add(3, server_uuid="other")
    add(4)
    (storage / "journal").mkdir()
    remove(storage, 1)
    assert ids(storage) == [2, 3, 4]
    assert (storage / "journal").is_dir()


def test_a_backup_that_an_unfinished_rollback_needs_is_kept(storage, add):
    needed = add(1)
    for number in range(2, 6):
        add(number)
    remove(storage, 2, (needed.id,))
    assert ids(storage) == [1, 4, 5]
