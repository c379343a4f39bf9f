"""Out of the bucket: the same folder again, or an error before there is one."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from resources.backup.catalog import list_backups
from resources.backup.remote.fetch import fetch_backup
from resources.backup.remote.keep import upload_backups
from resources.backup.storage import OWNER, remove_partials, write_owner
from resources.errors import BackupCorruptError, DiskFullError, NoSuchBackupError, RemoteStorageError
from tests.resources.backup.conftest import entries
from tests.resources.backup.remote.conftest import LARGE, MB, tree

pytestmark = pytest.mark.slow

PREFIX = "some/place/"


@pytest.fixture
def remote_only(remote_target, add):
    """(manifest, its folder's contents) of two backups that are in the bucket and nowhere else."""
    made = [add(1), add(2, large=40 * MB)]
    upload_backups(replace(remote_target, keep_local=9))
    whole = [tree(remote_target.storage / one.id) for one in made]
    for one in made:
        shutil.rmtree(remote_target.storage / one.id)
    return list(zip(made, whole, strict=True))


def test_what_was_uploaded_comes_back_byte_for_byte(remote_target, remote_only):
    for made, whole in remote_only:
        fetched = fetch_backup(remote_target, made.id)
        assert fetched == made
        assert tree(remote_target.storage / made.id) == whole
    assert entries(remote_target.storage) == [made.id for made, _ in remote_only]
    for path in remote_target.storage.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


def test_a_local_copy_is_taken_without_asking_the_bucket(remote_target, add):
    made = add(1)
    nowhere = replace(remote_target.remote, endpoint="http://127.0.0.1:1")
    assert fetch_backup(replace(remote_target, remote=nowhere), made.id) == made


def test_a_connection_lost_in_the_middle_goes_on_where_it_was(behind_proxy, s3_proxy, remote_only):
    made, whole = remote_only[1]
    s3_proxy.break_reply_after(15 * MB)
    fetch_backup(behind_proxy, made.id)
    assert tree(behind_proxy.storage / made.id) == whole


def test_a_fetch_that_failed_leaves_no_backup_and_the_next_one_goes_on(behind_proxy, s3_proxy, remote_only):
    made, whole = remote_only[1]
    impatient = replace(behind_proxy, remote=replace(behind_proxy.remote, attempts=1))
    s3_proxy.break_reply_after(15 * MB)
    with pytest.raises(RemoteStorageError):
        fetch_backup(impatient, made.id)
    assert list_backups(behind_proxy.storage) == []
    [partial] = entries(behind_proxy.storage)
    part = behind_proxy.storage / partial / f"files/{LARGE}.zst.partial"
    assert part.stat().st_size >= 10 * MB
    part.write_bytes(b"?" + part.read_bytes()[1:])  # a power cut: the first half is not what was written
    fetch_backup(behind_proxy, made.id)
    assert tree(behind_proxy.storage / made.id) == whole


def test_what_a_killed_fetch_left_is_removed_by_the_next_backup_and_a_living_one_s_is_not(remote_target):
    folder = remote_target.storage / "20261123T120000Z-0009-full.fetch.partial"
    folder.mkdir()
    write_owner(folder)
    remove_partials(remote_target.storage)
    assert folder.exists()
    (folder / OWNER).write_text('{"pid": 999999999, "started": "1"}')
    remove_partials(remote_target.storage)
    assert not folder.exists()


@pytest.mark.parametrize("damage", ["flip", "shorter", "longer", "missing"])
def test_a_damaged_object_is_named_with_what_was_expected_and_the_older_backup_offered(
    remote_target, bucket, remote_only, damage
):
    (older, _), (made, _) = remote_only
    key = f"{PREFIX}{made.id}/files/{LARGE}.zst"
    data = bytearray(bucket.read(key))
    data[len(data) // 2] ^= 1
    new = {"flip": data, "shorter": data[:-1], "longer": data + b"x"}.get(damage)
    if new is None:
        bucket.client.delete_object(Bucket=bucket.name, Key=key)
    else:
        bucket.write(key, bytes(new))
    with pytest.raises(BackupCorruptError) as error:
        fetch_backup(remote_target, made.id)
    file = next(one for one in made.files if one.path == LARGE)
    assert f"files/{LARGE}.zst" in error.value.what and "s3://" in error.value.where
    assert file.stored_sha256 in error.value.why and "actual" in error.value.why
    assert older.id in error.value.hint
    assert entries(remote_target.storage) == []
    assert fetch_backup(remote_target, older.id).id == older.id


def test_a_damaged_manifest_is_refused_and_nothing_fetched(remote_target, bucket, remote_only):
    made, _ = remote_only[1]
    key = f"{PREFIX}{made.id}/manifest.json"
    data = bytearray(bucket.read(key))
    data[len(data) // 2] ^= 1
    bucket.write(key, bytes(data))
    with pytest.raises(BackupCorruptError, match=r"manifest\.json"):
        fetch_backup(remote_target, made.id)
    bucket.write(key, bucket.read(f"{PREFIX}{remote_only[0][0].id}/manifest.json"))
    with pytest.raises(BackupCorruptError) as error:
        fetch_backup(remote_target, made.id)
    assert remote_only[0][0].id in error.value.why
    assert entries(remote_target.storage) == []


def test_a_manifest_that_leads_out_of_its_folder_is_refused(remote_target, bucket, remote_only):
    made, _ = remote_only[1]
    evil = replace(made, files=(replace(made.files[0], path="../../evil"),))
    bucket.write(f"{PREFIX}{made.id}/manifest.json", evil.encode())
    with pytest.raises(BackupCorruptError, match="damaged"):
        fetch_backup(remote_target, made.id)
    assert entries(remote_target.storage) == [] and not list(remote_target.storage.parent.rglob("evil*"))


def test_a_disk_too_small_is_seen_before_anything_is_fetched(remote_target, remote_only, bucket):
    made, _ = remote_only[1]
    huge = replace(made, size=1 << 60)
    bucket.write(f"{PREFIX}{made.id}/manifest.json", huge.encode())
    with pytest.raises(DiskFullError):
        fetch_backup(remote_target, made.id)
    assert entries(remote_target.storage) == []


@pytest.mark.parametrize("bad", ["../../etc/passwd", "a/b", "%2e%2e", "", "x" * 300, "2026\0"])
def test_what_is_no_id_is_refused_before_the_bucket_is_asked(remote_target, bad):
    nowhere = replace(remote_target.remote, endpoint="http://127.0.0.1:1")
    with pytest.raises(NoSuchBackupError):
        fetch_backup(replace(remote_target, remote=nowhere), bad)


def test_a_backup_that_is_nowhere_is_said_to_be_in_neither_place(remote_target, bucket):
    bucket.write(f"{PREFIX}20261123T120000Z-0001-full/files/ibdata1.zst", b"without a manifest")
    with pytest.raises(NoSuchBackupError) as error:
        fetch_backup(remote_target, "20261123T120000Z-0001-full")
    assert str(remote_target.storage) in error.value.where and "s3://" in error.value.where
