"""A stored backup that was damaged: named exactly, and refused before anything is started."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.catalog import list_backups, load_manifest
from resources.backup.make import make_full_backup
from resources.backup.manifest import Manifest
from resources.backup.open import open_backup
from resources.backup.stored_files import verify_files
from resources.backup.verify import verify_backup
from resources.errors import BackupCorruptError, NoSuchBackupError
from resources.mysql.connection import execute
from resources.mysql.digest import TableDigest
from resources.target import Target
from tests.resources.backup.conftest import AWKWARD, leftovers, run_file


@pytest.fixture(scope="module")
def stored(server, tools, tmp_path_factory) -> Iterator[tuple[Target, Manifest]]:
    """One backup for all tests here; each damages a copy of it."""
    folder = tmp_path_factory.mktemp("stored")
    target = Target(
        endpoint=server.tcp_endpoint,
        database="t_stored_for_damage",
        migrations=folder / "migrations",
        storage=folder / "backups",
        state=folder / "state",
        tools=tools,
    )
    with server.connect() as admin:
        execute(admin, f"CREATE DATABASE {target.database}")
        execute(admin, f"USE {target.database}")
        run_file(admin, AWKWARD)
        try:
            yield target, make_full_backup(target).manifest
        finally:
            execute(admin, f"DROP DATABASE {target.database}")


@pytest.fixture
def awkward(stored, tmp_path) -> Target:
    return replace(stored[0], storage=tmp_path / "backups", state=tmp_path / "state")


@pytest.fixture
def two(stored, awkward) -> list[str]:
    """An older and a newer backup: copies of one, under two ids."""
    target, manifest = stored
    ids = []
    for number in (1, 2):
        backup_id = f"20261123T120000Z-{number:04d}-full"
        shutil.copytree(target.storage / manifest.id, awkward.storage / backup_id)
        path = awkward.storage / backup_id / "manifest.json"
        path.write_bytes(replace(manifest, id=backup_id).encode())
        ids.append(backup_id)
    verify_files(awkward.storage, ids[1])
    return ids


def _damage(path: Path, how: str) -> None:
    data = bytearray(path.read_bytes())
    if how == "flip":
        data[len(data) // 2] ^= 1
    path.write_bytes({"truncate": data[:-1], "empty": b"", "flip": data}[how])


def test_each_damage_is_named_and_the_older_backup_offered(awkward, two, tmp_path):
    older, newer = two
    manifest = load_manifest(awkward.storage, newer)
    data = max(manifest.files, key=lambda file: file.stored_length)
    sound = (awkward.storage / newer / "files" / f"{data.path}.zst").read_bytes()
    sound_manifest = (awkward.storage / newer / "manifest.json").read_bytes()
    for name, content in [(f"files/{data.path}.zst", sound), ("manifest.json", sound_manifest)]:
        for how in ("flip", "truncate", "empty"):
            path = awkward.storage / newer / name
            path.write_bytes(content)
            _damage(path, how)
            for work in (
                lambda: verify_files(awkward.storage, newer),
                lambda: verify_backup(awkward, newer),
                lambda: open_backup(awkward, newer, tmp_path / "opened"),
            ):
                with pytest.raises(BackupCorruptError) as error:
                    work()
                assert newer in error.value.what and name in error.value.what
                assert ("sha256" in error.value.why and "actual" in error.value.why) or how == "empty"
                assert older in error.value.hint
            assert not (tmp_path / "opened").exists(), "nothing was unpacked"
            assert leftovers(awkward) == []
            path.write_bytes(content)
    verify_files(awkward.storage, newer)


def test_a_damaged_manifest_is_not_listed_and_said_so(awkward, two, said):
    older, newer = two
    _damage(awkward.storage / newer / "manifest.json", "flip")
    assert [one.id for one in list_backups(awkward.storage)] == [older]
    assert any(newer in line and "damaged" in line for line in said.lines)


def test_a_missing_file_and_a_missing_manifest_are_damage_a_missing_backup_is_not(awkward, two):
    older, newer = two
    victim = next((awkward.storage / newer / "files").rglob("*.ibd.zst"))
    victim.unlink()
    with pytest.raises(BackupCorruptError, match="damaged"):
        verify_files(awkward.storage, newer)
    (awkward.storage / older / "manifest.json").unlink()
    with pytest.raises(BackupCorruptError, match=r"manifest\.json"):
        load_manifest(awkward.storage, older)
    with pytest.raises(NoSuchBackupError):
        load_manifest(awkward.storage, older.replace("-0001-", "-0009-"))


def test_the_manifest_of_another_backup_is_not_taken_for_this_one(awkward, two):
    older, newer = two
    shutil.copy(awkward.storage / older / "manifest.json", awkward.storage / newer / "manifest.json")
    with pytest.raises(BackupCorruptError) as error:
        load_manifest(awkward.storage, newer)
    assert older in error.value.why


def test_a_moved_storage_still_works(awkward, two, tmp_path):
    shutil.move(awkward.storage, tmp_path / "elsewhere")
    manifest = verify_files(tmp_path / "elsewhere", two[0])
    assert manifest.file_path == str(tmp_path / "elsewhere" / two[0])


@pytest.mark.slow
def test_a_backup_that_restores_to_something_else_is_not_good(awkward, two):
    manifest = load_manifest(awkward.storage, two[1])
    lying = replace(manifest, tables={**manifest.tables, "child": TableDigest(2, 1)})
    (awkward.storage / two[1] / "manifest.json").write_bytes(lying.encode())
    with pytest.raises(BackupCorruptError, match="child"):
        verify_backup(awkward, two[1])
    assert leftovers(awkward) == []
