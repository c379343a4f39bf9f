"""Whole backups, encrypted: what needs the key, what does not, and what a wrong one does."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.catalog import list_backups, load_manifest, looks_whole
from resources.backup.make import make_full_backup
from resources.backup.open import open_backup
from resources.backup.stored_files import verify_files
from resources.backup.verify import verify_backup
from resources.errors import BackupCorruptError, BackupKeyError
from resources.target import Target
from tests.resources.backup.conftest import entries, leftovers, world
from tests.support.age_keys import KeyPair, key_pair

pytestmark = pytest.mark.slow


@pytest.fixture
def keys(tmp_path) -> KeyPair:
    return key_pair(tmp_path / "key.txt")


@pytest.fixture(params=["clone", "mysqldump"])
def sealed(request, awkward, keys) -> Target:
    return replace(
        awkward, age_recipients=(keys.recipient,), age_identity=keys.path, backup_engine=request.param
    )


def _stored(target: Target, backup_id: str) -> list[Path]:
    return [path for path in (target.storage / backup_id / "files").rglob("*") if path.is_file()]


def test_an_encrypted_backup_restores_to_the_same_rows_and_nothing_readable_is_stored(sealed, tmp_path):
    was = world(sealed.endpoint, sealed.database)
    manifest = make_full_backup(sealed).manifest
    assert manifest.encryption == "age" and manifest.proof.proven
    assert load_manifest(sealed.storage, manifest.id) == manifest
    stored = _stored(sealed, manifest.id)
    assert len(stored) == len(manifest.files)
    assert all(path.read_bytes().startswith(b"age-encryption.org/v1\n") for path in stored)
    opened = open_backup(sealed, manifest.id, tmp_path / "opened")
    try:
        assert world(opened.endpoint, sealed.database) == was
    finally:
        opened.discard()
    assert leftovers(sealed) == []


def test_listing_showing_and_verifying_files_need_no_key_proving_them_does(sealed):
    manifest = make_full_backup(sealed).manifest
    keyless = replace(sealed, age_identity=None)
    assert [one.id for one in list_backups(keyless.storage)] == [manifest.id]
    assert looks_whole(verify_files(keyless.storage, manifest.id))
    with pytest.raises(BackupKeyError, match="no key is given") as refused:
        verify_backup(keyless, manifest.id)
    assert "BACKUP_AGE_IDENTITY" in refused.value.hint
    assert verify_backup(sealed, manifest.id).proof.of == "archive"


def test_a_wrong_key_is_told_from_damage_before_anything_is_unpacked(sealed, tmp_path):
    manifest = make_full_backup(sealed).manifest
    stranger = replace(sealed, age_identity=key_pair(tmp_path / "stranger.txt").path)
    with pytest.raises(BackupKeyError, match="does not open"):
        open_backup(stranger, manifest.id, tmp_path / "opened")
    assert not (tmp_path / "opened").exists() and entries(stranger.state / "servers") == []
    victim = _stored(sealed, manifest.id)[0]
    data = bytearray(victim.read_bytes())
    data[len(data) // 2] ^= 1
    victim.write_bytes(data)
    for target in (stranger, sealed):
        with pytest.raises(BackupCorruptError, match=r"\.age"):
            open_backup(target, manifest.id, tmp_path / "opened")


def test_a_clone_is_encrypted_and_proven_without_any_secret_on_the_machine(awkward, keys):
    keyless = replace(awkward, age_recipients=(keys.recipient,), backup_engine="clone")
    manifest = make_full_backup(keyless).manifest
    assert manifest.proof.proven and manifest.proof.of == "clone" and manifest.encryption == "age"
    assert verify_backup(replace(keyless, age_identity=keys.path), manifest.id).proof.proven


def test_a_dump_that_could_not_be_proven_is_not_begun(awkward, keys, tmp_path):
    stranger = key_pair(tmp_path / "stranger.txt")
    for identity in (None, stranger.path):
        target = replace(
            awkward,
            age_recipients=(keys.recipient,),
            age_identity=identity,
            backup_engine="mysqldump",
        )
        with pytest.raises(BackupKeyError, match="proven by loading"):
            make_full_backup(target)
    assert list_backups(awkward.storage) == [] and leftovers(awkward) == []
