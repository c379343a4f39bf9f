"""One list of what is here and what is there."""

from __future__ import annotations

import shutil
from dataclasses import replace

import pytest

from resources.backup.remote.keep import upload_backups
from resources.backup.remote.listing import all_backups, locate, remote_backups
from resources.backup.remote.removal import remove, remove_orphans
from resources.backup.remote.store import open_store
from resources.errors import NoSuchBackupError, RemoteStorageError
from tests.resources.backup.remote.conftest import MB

PREFIX = "some/place/"


def test_the_list_holds_each_backup_once_and_says_where_it_is(remote_target, add):
    made = [add(number) for number in (1, 2)]
    upload_backups(remote_target)
    only_local = add(3)
    found = all_backups(remote_target)
    assert [one.id for one in found] == [made[0].id, made[1].id, only_local.id]
    assert found[0].file_path == f"{remote_target.remote}/{made[0].id}"
    assert replace(found[0], file_path=made[0].file_path) == made[0]
    assert [one.file_path for one in found[1:]] == [made[1].file_path, only_local.file_path]
    assert locate(remote_target, made[0].id) == found[0]
    assert locate(remote_target, only_local.id) == only_local
    with pytest.raises(NoSuchBackupError):
        locate(remote_target, "20261123T120000Z-0009-full")


def test_without_a_bucket_it_is_the_local_list(remote_target, add):
    made = add(1)
    assert all_backups(replace(remote_target, remote=None)) == [made]
    assert remote_backups(replace(remote_target, remote=None)) == []


def test_manifests_are_fetched_once(behind_proxy, s3_proxy, add, bucket):
    made = add(1, schema_version="x" * 200_000)
    upload_backups(behind_proxy)
    shutil.rmtree(behind_proxy.storage / made.id)
    first = all_backups(behind_proxy)
    again = all_backups(behind_proxy)
    assert [one.id for one in again] == [one.id for one in first] == [made.id]
    changed = replace(made, database="changed")
    bucket.write(f"{PREFIX}{made.id}/manifest.json", changed.encode())
    assert all_backups(behind_proxy)[0].database == "changed", "the cache never wins over the bucket"


def test_what_is_damaged_or_no_backup_is_not_listed(remote_target, bucket, add, said):
    made = add(1)
    upload_backups(remote_target)
    bucket.write(f"{PREFIX}20261123T120000Z-0007-full/manifest.json", b"{}")
    bucket.write(f"{PREFIX}20261123T120000Z-0008-full/files/x.zst", b"unfinished")
    bucket.write(f"{PREFIX}notes/readme.txt", b"hello")
    bucket.write("some/place-beside/20261123T120000Z-0006-full/manifest.json", made.encode())
    assert [one.id for one in all_backups(remote_target)] == [made.id]
    assert any("0007" in line and "damaged" in line for line in said.lines)


def test_a_removed_backup_is_nowhere_and_no_other_is_touched(remote_target, bucket, add):
    made = [add(1, large=20 * MB), add(2), add(3)]
    upload_backups(remote_target)
    client = bucket.client
    client.create_multipart_upload(Bucket=bucket.name, Key=f"{PREFIX}{made[0].id}/files/left.zst")
    for one in made[:1] + made[2:]:  # one is only in the bucket, one in both places
        remove(remote_target, one.id)
    assert {key.split("/")[2] for key in bucket.listed()} == {made[1].id}
    assert bucket.unfinished() == {}
    assert [one.id for one in all_backups(remote_target)] == [made[1].id]
    assert not (remote_target.storage / made[2].id).exists()
    remove(remote_target, made[0].id)  # again: nothing happens


def test_a_removal_that_the_bucket_refuses_leaves_the_local_copy(remote_target, add):
    made = add(1)
    unreachable = replace(remote_target.remote, endpoint="http://127.0.0.1:1", attempts=1)
    with pytest.raises(RemoteStorageError):
        remove(replace(remote_target, remote=unreachable), made.id)
    assert (remote_target.storage / made.id / "manifest.json").is_file()


def test_half_removed_backups_go_after_a_week_and_half_uploaded_ones_stay_that_long(
    remote_target, bucket, add, monkeypatch
):
    made = add(1)
    upload_backups(remote_target)
    orphan = f"{PREFIX}20261101T120000Z-0001-full/files/x.zst"
    bucket.write(orphan, b"left")
    store = open_store(remote_target.remote)
    assert remove_orphans(store, keep=()) == []
    assert orphan in bucket.listed()
    from datetime import timedelta

    from resources.backup.remote import removal

    monkeypatch.setattr(removal, "_GRACE", timedelta(seconds=-1))
    assert remove_orphans(store, keep=["20261101T120000Z-0001-full"]) == []
    assert remove_orphans(store, keep=()) == ["20261101T120000Z-0001-full"]
    assert {key.split("/")[2] for key in bucket.listed()} == {made.id}
