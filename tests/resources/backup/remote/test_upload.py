"""Into the bucket: what is there afterwards, what a killed upload leaves, and what a lying service gets."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.catalog import list_backups
from resources.backup.remote import s3_put
from resources.backup.remote.etag import PART, expected_etag, parts_of
from resources.backup.remote.keep import share_proofs, upload_backups
from resources.backup.remote.store import open_store
from resources.backup.remote.upload import is_committed, upload_backup
from resources.errors import BackupCorruptError, RemoteStorageError
from tests.resources.backup.remote.conftest import LARGE, MB, tree

pytestmark = pytest.mark.slow

PREFIX = "some/place/"


def _remote_tree(bucket, backup_id: str) -> dict[str, bytes]:
    top = f"{PREFIX}{backup_id}/"
    return {key[len(top) :]: bucket.read(key) for key in bucket.listed() if key.startswith(top)}


def test_the_bucket_holds_the_folder_byte_for_byte_under_the_same_names(remote_target, bucket, add):
    made = add(1, large=40 * MB)
    assert upload_backups(remote_target) == [made.id]
    assert _remote_tree(bucket, made.id) == tree(remote_target.storage / made.id)
    assert bucket.unfinished() == {}
    assert upload_backups(remote_target) == [], "a second time there is nothing to do"


def test_a_backup_counts_only_from_its_manifest_on_which_comes_last(remote_target, bucket, add):
    made = add(1)
    store = open_store(remote_target.remote)
    sent: list[str] = []
    real = store.put

    def watch(key, source, advance):
        sent.append(key)
        assert not is_committed(store, made)
        return real(key, source, advance)

    store.put = watch  # type: ignore[method-assign]
    (remote_target.storage / made.id / "proofs.jsonl").write_text('{"at": "now"}\n')
    upload_backup(store, made, remote_target.storage)
    assert sent[-1] == f"{PREFIX}{made.id}/manifest.json" and len(sent) == len(made.files) + 2
    assert is_committed(store, made)


def test_a_large_file_goes_in_parts_that_are_the_same_every_time():
    for length in (PART + 1, 40 * MB, 5 << 40):
        parts = list(parts_of(length))
        assert sum(part.length for part in parts) == length and len(parts) <= 10_000
        assert [part.offset for part in parts[1:]] == [part.offset + part.length for part in parts[:-1]]
        assert all(part.length >= 5 * MB for part in parts[:-1]), "S3 takes no smaller ones"


def test_a_connection_cut_in_the_middle_of_a_part_is_overcome(behind_proxy, s3_proxy, bucket, add):
    made = add(1, large=40 * MB)
    s3_proxy.cut_once_after(25 * MB)
    upload_backups(behind_proxy)
    assert s3_proxy.from_clients > 41 * MB, "something was sent twice"
    assert _remote_tree(bucket, made.id) == tree(behind_proxy.storage / made.id)


def test_after_a_failed_upload_the_next_one_sends_only_what_is_missing(
    behind_proxy, s3_proxy, bucket, add, monkeypatch
):
    monkeypatch.setattr(s3_put, "LANES", 1)  # so that it is known what was there when it failed
    made = add(1, large=40 * MB)
    impatient = replace(behind_proxy, remote=replace(behind_proxy.remote, attempts=1))
    s3_proxy.cut_once_after(25 * MB)
    with pytest.raises(RemoteStorageError) as error:
        upload_backups(impatient)
    assert "complete and usable on this machine" in error.value.what and made.id in error.value.what
    assert "dbsync backups upload" in error.value.hint
    assert [one.id for one in list_backups(behind_proxy.storage)] == [made.id]
    assert bucket.unfinished() == {f"{PREFIX}{made.id}/files/{LARGE}.zst": [1]}
    before = s3_proxy.from_clients
    upload_backups(behind_proxy)
    assert s3_proxy.from_clients - before < 25 * MB
    assert _remote_tree(bucket, made.id) == tree(behind_proxy.storage / made.id)
    assert bucket.unfinished() == {}


def test_objects_that_are_there_already_are_compared_and_only_wrong_ones_sent_again(
    behind_proxy, s3_proxy, bucket, add
):
    made = add(1, large=40 * MB)
    upload_backups(behind_proxy)
    whole = _remote_tree(bucket, made.id)
    bucket.client.delete_object(Bucket=bucket.name, Key=f"{PREFIX}{made.id}/manifest.json")
    wrong = f"{PREFIX}{made.id}/files/ibdata1.zst"
    bucket.write(wrong, bytes(len(bucket.read(wrong))))  # the same length
    before = s3_proxy.from_clients
    upload_backups(behind_proxy)
    assert _remote_tree(bucket, made.id) == whole
    assert s3_proxy.from_clients - before < MB, "the 40 MB were left where they were"


@pytest.mark.parametrize("read_back", [False, True])
def test_a_service_that_loses_what_it_was_given_is_found_out(remote_target, bucket, add, read_back):
    made = add(1, large=20 * MB)
    store = open_store(replace(remote_target.remote, read_back=read_back))
    real = store.put

    def lossy(key: str, source: Path, advance) -> str:
        etag = real(key, source, advance)
        if key.endswith(f"{LARGE}.zst"):
            data = bytearray(bucket.read(key))
            data[-1] ^= 1
            bucket.write(key, bytes(data))
        return etag

    store.put = lossy  # type: ignore[method-assign]
    with pytest.raises(RemoteStorageError, match="not what was sent") as error:
        upload_backup(store, made, remote_target.storage)
    assert "dbsync backups upload" in error.value.hint
    assert not is_committed(store, made)
    assert f"{PREFIX}{made.id}/files/{LARGE}.zst" not in bucket.listed()


def test_an_etag_that_is_no_md5_is_answered_by_reading_everything_back(remote_target, bucket, add):
    """As with objects that the service encrypts by a KMS key."""
    made = add(1, large=20 * MB)
    store = open_store(remote_target.remote)
    real_head, real_get, read = store.head, store.get, []

    def head(key: str):
        found = real_head(key)
        return found and replace(found, etag="0" * 32)

    def get(key: str, offset: int = 0, etag: str = ""):
        read.append(key)
        return real_get(key, offset)

    store.head, store.get = head, get  # type: ignore[method-assign]
    upload_backup(store, made, remote_target.storage)
    assert len(read) == len([file for file in made.files if file.stored_length]) + 1
    assert _remote_tree(bucket, made.id) == tree(remote_target.storage / made.id)


def test_a_damaged_local_backup_is_not_uploaded_and_hinders_no_other(remote_target, bucket, add):
    damaged, sound = add(1), add(2)
    victim = remote_target.storage / damaged.id / damaged.files[1].stored_name
    victim.write_bytes(bytes(victim.stat().st_size))
    with pytest.raises(BackupCorruptError, match=damaged.id):
        upload_backups(remote_target)
    assert _remote_tree(bucket, damaged.id) == {}
    assert _remote_tree(bucket, sound.id) == tree(remote_target.storage / sound.id)


def test_another_backup_of_the_same_id_is_not_overwritten(remote_target, bucket, add):
    made = add(1)
    upload_backups(remote_target)
    theirs = replace(made, database="other").encode()
    bucket.write(f"{PREFIX}{made.id}/manifest.json", theirs)
    with pytest.raises(RemoteStorageError, match="another backup") as error:
        upload_backups(remote_target)
    assert "prefix" in error.value.hint
    assert bucket.read(f"{PREFIX}{made.id}/manifest.json") == theirs


def test_local_copies_go_only_when_the_bucket_has_them_whole(remote_target, bucket, add):
    made = [add(number) for number in (1, 2, 3)]
    target = replace(remote_target, keep_local=2)
    upload_backups(target)
    assert [one.id for one in list_backups(target.storage)] == [one.id for one in made[1:]]
    bucket.client.delete_object(Bucket=bucket.name, Key=f"{PREFIX}{made[1].id}/files/ibdata1.zst")
    upload_backups(replace(target, keep_local=1))
    assert [one.id for one in list_backups(target.storage)] == [one.id for one in made[1:]]
    upload_backups(replace(target, keep_local=1), owed=[made[1].id])
    assert [one.id for one in list_backups(target.storage)] == [one.id for one in made[1:]]


def test_later_proofs_follow_to_the_bucket(remote_target, bucket, add):
    made = add(1)
    upload_backups(remote_target)
    proofs = remote_target.storage / made.id / "proofs.jsonl"
    key = f"{PREFIX}{made.id}/proofs.jsonl"
    proofs.write_text("one\n")
    share_proofs(remote_target, made)
    assert bucket.read(key) == b"one\n"
    proofs.write_text("one\ntwo\n")
    upload_backups(remote_target)
    assert bucket.read(key) == b"one\ntwo\n"
    proofs.write_text("one\n")  # an older copy of it does not undo the newer one
    upload_backups(remote_target)
    assert bucket.read(key) == b"one\ntwo\n" == proofs.read_bytes()


def test_the_etag_of_a_file_is_the_one_that_the_service_gives_it(remote_target, bucket, add):
    made = add(1, large=40 * MB)
    upload_backups(remote_target)
    store = open_store(remote_target.remote)
    for file in made.files:
        found = store.head(f"{PREFIX}{made.id}/{file.stored_name}")
        assert found and found.etag == expected_etag(remote_target.storage / made.id / file.stored_name)
