"""What is wrong in a storage is named; what is right is not."""

from __future__ import annotations

import pytest

from resources.backup.index import refresh
from resources.backup.index_file import INDEX
from resources.backup.soundness import soundness
from tests.resources.backup.test_retention import add, flip, storage

__all__ = ["add", "storage"]


@pytest.fixture
def three(storage, add):
    for number in (1, 2, 3):
        add(number)
    refresh(storage)
    return storage


def folder(storage, number: int):
    return storage / f"20261122T120000Z-{number:04d}-full"


def test_a_good_storage_is_sound(three):
    found = soundness(three)
    assert found.is_sound and found.backups == 3
    assert str(found) == "3 backups: manifests sound, files in full length, index in agreement"


def test_each_damage_is_named(three):
    flip(folder(three, 1) / "manifest.json")
    (folder(three, 2) / "files" / "data.zst").write_bytes(b"short")
    found = soundness(three)
    assert not found.is_sound
    assert list(found.damaged) == [folder(three, 1).name] and found.not_whole == (folder(three, 2).name,)
    assert "sha256" in str(found) and folder(three, 2).name in str(found)
    assert "was out of date" in found.index


def test_a_damaged_index_is_named_and_looking_does_not_repair_it(three):
    flip(three / INDEX)
    assert "was damaged" in soundness(three).index
    assert "was damaged" in soundness(three).index


def test_leftovers_are_counted_and_no_damage(three):
    folder(three, 9).with_suffix(".partial").mkdir()
    found = soundness(three)
    assert found.is_sound and found.leftovers == ("20261122T120000Z-0009-full.partial",)


def test_no_storage_is_sound(tmp_path):
    assert soundness(tmp_path / "none").is_sound
