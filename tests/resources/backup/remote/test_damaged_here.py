"""A copy here that is damaged gives way to the bucket's; where that is of no use, it is said why."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.remote.fetch import fetch_backup, sound_backup
from resources.backup.remote.keep import upload_backups
from resources.backup.remote.listing import locate, older_good_anywhere
from resources.backup.standing import later_proofs, record_proof, standing
from resources.backup.usable import require_usable
from resources.errors import BackupCorruptError, UnprovenBackupError
from tests.resources.backup.conftest import entries
from tests.resources.backup.remote.conftest import tree
from tests.resources.backup.remote.test_proofs import BAD, GOOD

pytestmark = pytest.mark.slow

PREFIX = "some/place/"


@pytest.fixture
def uploaded(remote_target, add):
    """Three backups, in both places."""
    made = [add(1), add(2), add(3)]
    upload_backups(replace(remote_target, keep_local=9))
    return made


def damage(backup, name: str = "files/ibdata1.zst") -> None:
    path = Path(backup.file_path, name)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("name", ["files/ibdata1.zst", "manifest.json"])
def test_the_bucket_s_copy_takes_its_place_with_the_proofs_of_both(remote_target, uploaded, said, name):
    *_, newest = uploaded
    whole = tree(remote_target.storage / newest.id)
    record_proof(Path(newest.file_path), GOOD)
    damage(newest, name)
    assert locate(remote_target, newest.id).tables == newest.tables
    found = sound_backup(remote_target, newest.id)
    assert found == newest and later_proofs(Path(found.file_path)) == [GOOD]
    there = tree(remote_target.storage / newest.id)
    assert {path: there[path] for path in whole} == whole
    assert entries(remote_target.storage) == sorted(one.id for one in uploaded)
    assert any("is damaged" in line and "s3://" in line for line in said.lines)
    assert sound_backup(replace(remote_target, remote=None), newest.id) == newest


def test_a_replacement_that_was_killed_half_way_is_gone_on_with(remote_target, uploaded):
    *_, newest = uploaded
    folder = remote_target.storage / newest.id
    whole = tree(folder)
    damage(newest)
    folder.rename(folder.with_name(f"{newest.id}.damaged.partial"))
    assert fetch_backup(remote_target, newest.id) == newest
    assert tree(folder) == whole
    damage(newest)
    sound_backup(remote_target, newest.id)
    assert tree(folder) == whole
    assert entries(remote_target.storage) == sorted(one.id for one in uploaded)


def test_where_the_bucket_s_is_damaged_too_both_are_named_and_nothing_is_lost(
    remote_target, uploaded, bucket
):
    oldest, older, newest = uploaded
    for one in (oldest, older):
        shutil.rmtree(remote_target.storage / one.id)
    damage(newest)
    here = tree(remote_target.storage / newest.id)
    key = f"{PREFIX}{newest.id}/files/ibdata1.zst"
    bucket.write(key, bucket.read(key)[:-1])
    with pytest.raises(BackupCorruptError) as error:
        sound_backup(remote_target, newest.id)
    assert error.value.where.startswith(str(remote_target.storage))
    assert "the copy in s3://" in error.value.why and "bytes with sha256" in error.value.why
    assert older.id in error.value.hint, "one that is in the bucket alone"
    assert tree(remote_target.storage / newest.id) == here
    bucket.client.delete_object(Bucket=bucket.name, Key=f"{PREFIX}{newest.id}/manifest.json")
    with pytest.raises(BackupCorruptError, match="does not have it"):
        sound_backup(remote_target, newest.id)


def test_where_the_bucket_cannot_be_asked_it_is_said(remote_target, uploaded):
    oldest, older, newest = uploaded
    damage(newest)
    shutil.rmtree(remote_target.storage / older.id)
    away = replace(remote_target.remote, endpoint="http://127.0.0.1:9", attempts=1)
    with pytest.raises(BackupCorruptError) as error:
        sound_backup(replace(remote_target, remote=away), newest.id)
    assert "cannot be used" in error.value.why
    assert oldest.id in error.value.hint and "the bucket cannot be asked" in error.value.hint


def test_an_older_good_one_is_found_in_the_bucket_by_its_proof_there(remote_target, uploaded, bucket):
    oldest, older, newest = uploaded
    for one in (oldest, older):
        shutil.rmtree(remote_target.storage / one.id)
    record_proof(Path(newest.file_path), BAD)
    with pytest.raises(UnprovenBackupError) as error:
        require_usable(remote_target, newest, accept_failed_proof=False)
    assert f"dbsync backups verify {older.id}" in error.value.hint
    fetched = sound_backup(remote_target, older.id)
    record_proof(Path(fetched.file_path), BAD)
    upload_backups(replace(remote_target, keep_local=9))
    shutil.rmtree(remote_target.storage / older.id)
    assert standing(locate(remote_target, older.id)).failed
    assert oldest.id in older_good_anywhere(remote_target, newest.id)
