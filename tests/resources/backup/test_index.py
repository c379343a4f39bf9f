"""A list of backups is the same with the index, without it, and with one that lies."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.catalog import list_backups
from resources.backup.entry import Entry
from resources.backup.index import list_entries, look, refresh, reindex
from resources.backup.index_file import INDEX, decode, encode, read_index, write_index
from resources.backup.make import make_full_backup
from resources.backup.manifest import Manifest
from resources.backup.remove import remove_backups
from tests.resources.backup.test_manifest import MANIFEST


def put(storage: Path, number: int, **more: object) -> Manifest:
    backup_id = f"20261123T120000Z-{number:04d}-full"
    made = replace(MANIFEST, id=backup_id, file_path=str(storage / backup_id), **more)
    (storage / backup_id).mkdir(parents=True)
    (storage / backup_id / "manifest.json").write_bytes(made.encode())
    return made


@pytest.fixture
def storage(tmp_path) -> Path:
    """Three backups and a sound index."""
    for number in (1, 2, 3):
        put(tmp_path / "storage", number)
    refresh(tmp_path / "storage")
    return tmp_path / "storage"


def by_the_manifests(storage: Path) -> list[Entry]:
    """The truth, made without the index."""
    return [
        Entry.of(one, hashlib.sha256((storage / one.id / "manifest.json").read_bytes()).hexdigest())
        for one in list_backups(storage)
    ]


def test_entries_are_what_the_manifests_say(storage):
    assert list_entries(storage) == by_the_manifests(storage)
    [first, *_] = list_entries(storage)
    assert (first.rows, first.tables, first.size, first.plain_size) == (2, 1, 20, 100)
    assert first.file_path == str(storage / first.id)


def test_a_sound_index_is_used_quietly_and_not_written_again(storage, said):
    before = (storage / INDEX).stat()
    assert len(list_entries(storage)) == 3
    assert said.lines == []
    assert (storage / INDEX).stat().st_mtime_ns == before.st_mtime_ns


def test_a_missing_index_is_rebuilt_with_a_notice(storage, said):
    written = (storage / INDEX).read_bytes()
    (storage / INDEX).unlink()
    assert list_entries(storage) == by_the_manifests(storage)
    assert said.lines == ["the index of backups was missing; rebuilt from 3 manifests"]
    assert (storage / INDEX).read_bytes() == written


def test_every_damaged_byte_of_the_index_is_noticed_and_changes_no_list(storage, said):
    data = (storage / INDEX).read_bytes()
    truth = by_the_manifests(storage)
    for position in {*range(120), *range(120, len(data), 5), *range(len(data) - 5, len(data))}:
        damaged = bytearray(data)
        damaged[position] ^= 0x01 if position % 2 else 0x80
        (storage / INDEX).write_bytes(damaged)
        found = look(storage)
        assert (found.index, list(found.entries)) == ("damaged", truth), position
    assert list_entries(storage) == truth
    [line] = said.lines
    assert "was damaged" in line and "sha256" in line and "rebuilt from 3 manifests" in line
    assert (storage / INDEX).read_bytes() == data


@pytest.mark.parametrize("data", [b"", b"{}", b"[" * 5000, b"\xff", b'{"format": 1}'])
def test_what_is_no_index_is_rebuilt(storage, data):
    (storage / INDEX).write_bytes(data)
    assert list_entries(storage) == by_the_manifests(storage)
    assert look(storage).index == "sound"


def test_a_truncated_index_is_rebuilt(storage):
    data = (storage / INDEX).read_bytes()
    for length in range(0, len(data), 11):
        (storage / INDEX).write_bytes(data[:length])
        assert look(storage).index == "damaged"


def test_a_digest_that_is_right_does_not_make_a_lie_true(storage, said):
    """Somebody wrote an index by hand: what a manifest says is believed all the same."""
    truth = by_the_manifests(storage)
    lie = replace(truth[1], rows=10**9, manifest_sha256="0" * 64)
    write_index(storage, [truth[0], lie, truth[2], replace(truth[2], id="20261123T120000Z-0009-full")])
    assert list_entries(storage) == truth
    [line] = said.lines
    assert "out of date" in line and "0002-full" in line and "0009-full, which is gone" in line
    assert read_index(storage)[truth[1].id] == truth[1]


def test_a_link_in_place_of_the_index_is_not_followed(storage, tmp_path):
    (storage / INDEX).rename(tmp_path / "elsewhere")
    (storage / INDEX).symlink_to(tmp_path / "elsewhere")
    assert look(storage).index == "damaged"
    list_entries(storage)
    assert not (storage / INDEX).is_symlink() and (tmp_path / "elsewhere").exists()


def test_backups_that_came_went_or_changed_behind_its_back_are_noticed(storage, said):
    put(storage, 4)
    shutil.rmtree(storage / "20261123T120000Z-0001-full")
    shutil.rmtree(storage / "20261123T120000Z-0002-full")
    put(storage, 2, engine="mysqldump")
    found = list_entries(storage)
    assert found == by_the_manifests(storage) and len(found) == 3
    [line] = said.lines
    assert "lacked that of 20261123T120000Z-0004-full" in line and "0001-full, which is gone" in line
    said.lines.clear()
    assert list_entries(storage) == found and said.lines == []


def test_a_damaged_manifest_leaves_the_list_whatever_the_index_says(storage, said):
    path = storage / "20261123T120000Z-0002-full" / "manifest.json"
    data = bytearray(path.read_bytes())
    data[100] ^= 1
    path.write_bytes(data)
    assert [one.id[-9:] for one in list_entries(storage)] == ["0001-full", "0003-full"]
    assert any("0002-full is damaged and not listed" in line and "sha256" in line for line in said.lines)
    assert list(look(storage).damaged) == ["20261123T120000Z-0002-full"]


def test_reindex_needs_the_manifests_alone_and_reports_the_old_one(storage):
    (storage / INDEX).write_bytes(b"nonsense")
    found = reindex(storage)
    assert (found.index, len(found.entries)) == ("damaged", 3)
    assert look(storage).index == "sound"
    assert reindex(storage).index == "sound"


def test_a_moved_storage_has_its_new_place_in_the_list(storage, tmp_path, said):
    storage.rename(tmp_path / "moved")
    assert all(Path(one.file_path).is_dir() for one in list_entries(tmp_path / "moved"))
    assert said.lines == [], "the index knows no places"


def test_no_storage_is_an_empty_list_and_nothing_is_made(tmp_path):
    assert list_entries(tmp_path / "none") == []
    assert reindex(tmp_path / "none").entries == ()
    (tmp_path / "empty").mkdir()
    assert list_entries(tmp_path / "empty") == []
    assert list(tmp_path.iterdir()) == [tmp_path / "empty"] and list((tmp_path / "empty").iterdir()) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="a read-only mount takes root")
def test_an_index_that_cannot_be_written_spoils_no_list(storage, said):
    import subprocess

    (storage / INDEX).unlink()
    subprocess.run(["mount", "--bind", "-o", "ro", str(storage), str(storage)], check=True)
    try:
        assert len(list_entries(storage)) == 3
    finally:
        subprocess.run(["umount", str(storage)], check=True)
    assert not (storage / INDEX).exists()
    assert any("could not be written" in line for line in said.lines)


def test_the_file_is_json_with_a_digest_and_a_line_for_each_backup(storage):
    data = (storage / INDEX).read_bytes()
    stored = json.loads(data)
    assert stored["format"] == 1 and len(stored["backups"]) == 3
    assert sum(b'"manifest_sha256"' in line for line in data.splitlines()) == 3
    assert b"proven" in data and b"server_uuid" in data and b"schema_version" in data
    assert encode(decode(data, storage)) == data
    assert (storage / INDEX).stat().st_mode & 0o777 == 0o600


def test_making_and_removing_a_backup_keep_it_up_to_date(target, connection, said):
    connection.cursor().execute("CREATE TABLE a (id INT PRIMARY KEY)")
    made = make_full_backup(target).manifest
    assert [one.id for one in read_index(target.storage).values()] == [made.id]
    assert look(target.storage).index == "sound"
    second = make_full_backup(target).manifest
    assert list(read_index(target.storage)) == [made.id, second.id]
    remove_backups(target, [made.id])
    assert list(read_index(target.storage)) == [second.id]
    assert not any("index" in line for line in said.lines)
