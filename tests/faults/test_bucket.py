"""Backups in a bucket, of a real database: restored from there, refused where damaged, never waited for."""

from __future__ import annotations

import threading
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from resources.backup.catalog import list_backups
from resources.backup.incremental.chain import newest_chain
from resources.backup.incremental.make import make_incremental_backup
from resources.backup.make import make_full_backup, store_remotely
from resources.backup.moment.moment import END
from resources.backup.open import open_backup
from resources.backup.point_in_time import opened_at, preview_at
from resources.backup.remote.keep import upload_backups
from resources.backup.remote.listing import all_backups, locate
from resources.backup.soundness import soundness
from resources.backup.standing import record_proof, standing
from resources.backup.stored_files import verify_files
from resources.backup.verify import verify_backup
from resources.deployment import offsite
from resources.deployment.deployment import Deployment
from resources.deployment.operations import back_up_incrementally
from resources.errors import BackupCorruptError, BackupKeyError, ChainBrokenError, RemoteStorageError
from resources.mysql.connection import connect, execute, rows, value
from resources.rollback.restore import restore_backup
from resources.rollback.wish import Wish
from resources.target import Keep, Target
from tests.resources.backup.conftest import Said, world
from tests.support.age_keys import key_pair

pytestmark = pytest.mark.slow
NOWHERE = "http://127.0.0.1:9"


@pytest.fixture
def shop(target, bucket, connection) -> Target:
    """Two tables of a database whose backups go to the bucket."""
    execute(connection, "CREATE TABLE parent (id INT PRIMARY KEY AUTO_INCREMENT, ratio FLOAT)")
    execute(
        connection,
        "CREATE TABLE child (id INT PRIMARY KEY, parent_id INT,"
        " FOREIGN KEY (parent_id) REFERENCES parent (id))",
    )
    execute(connection, "INSERT INTO parent (ratio) VALUES (16777216), (0.1), (NULL)")
    execute(connection, "INSERT INTO child VALUES (1, 1), (2, 3)")
    return replace(target, remote=bucket.location())


def backed_up(target: Target) -> str:
    made = make_full_backup(target).manifest
    store_remotely(target, made)
    return made.id


def continued(target: Target) -> str:
    deployment = Deployment(target, purpose="change")
    try:
        return back_up_incrementally(deployment).id
    finally:
        deployment.close()


def in_bucket(bucket) -> list[str]:
    """Of complete backups: those with a manifest."""
    return sorted(key.split("/")[-2] for key in bucket.listed() if key.endswith("/manifest.json"))


def here(target: Target) -> list[str]:
    return [one.id for one in list_backups(target.storage)]


def test_a_backup_that_is_only_in_the_bucket_restores_to_equal_rows(shop, bucket, connection):
    was = world(shop.endpoint, shop.database)
    first = backed_up(shop)
    execute(connection, "DELETE FROM child")
    second = backed_up(shop)
    assert in_bucket(bucket) == [first, second]
    assert here(shop) == [second], "the older copy made room"
    assert [one.id for one in all_backups(shop)] == [first, second]
    restore_backup(shop, first, Wish(accept_loss=True))
    assert world(shop.endpoint, shop.database) == was
    upload_backups(shop)
    assert here(shop) == [second], "what was fetched for the restore goes again"


def test_what_is_verified_and_rolled_back_to_is_fetched_too(shop, tmp_path):
    first = backed_up(shop)
    backed_up(shop)
    assert first not in here(shop)
    assert verify_backup(shop, first).proof.proven
    upload_backups(shop)
    assert first not in here(shop)
    opened = open_backup(shop, first, tmp_path / "opened")  # as a rollback does
    try:
        assert world(opened.endpoint, shop.database) == world(shop.endpoint, shop.database)
    finally:
        opened.discard()


def test_an_incremental_backup_opens_restores_and_is_proven_when_it_and_its_chain_are_only_in_the_bucket(
    shop, bucket, connection, tmp_path
):
    first = backed_up(shop)
    execute(connection, "INSERT INTO child VALUES (3, 2)")
    increment = continued(shop)
    assert in_bucket(bucket) == [first, increment], "at once, and not with the next full one"
    was = world(shop.endpoint, shop.database)
    execute(connection, "DELETE FROM child")
    second = backed_up(shop)
    assert here(shop) == [second] and in_bucket(bucket) == [first, increment, second]
    assert soundness(shop.storage).is_sound

    preview = preview_at(shop, increment, END)
    assert preview.plan.base.id == first and here(shop) == [increment, second], "to look, the full one stays"
    chain = newest_chain(shop.storage, shop.database, partial(locate, shop))
    assert chain and chain.full.id == first
    assert verify_backup(shop, increment).proof.proven
    upload_backups(shop)
    assert here(shop) == [second]
    assert standing(locate(shop, increment)).proofs == 2, "the proof is in the bucket"

    opened = opened_at(shop, increment, END, tmp_path / "opened")
    try:
        assert world(opened.server.endpoint, shop.database) == was
    finally:
        opened.server.discard()
    upload_backups(shop)
    restore_backup(shop, increment, Wish(accept_loss=True))
    assert world(shop.endpoint, shop.database) == was


def test_damaged_increments_anywhere_in_a_chain_give_way_to_the_bucket_s(shop, connection, tmp_path):
    backed_up(shop)
    increments = []
    for child in (3, 4):
        execute(connection, f"INSERT INTO child VALUES ({child}, 2)")
        increments.append(continued(shop))
    was = world(shop.endpoint, shop.database)

    def spoil(increment: str) -> None:
        path = next((shop.storage / increment / "files").rglob("*.zst"))
        data = bytearray(path.read_bytes())
        data[len(data) // 2] ^= 1
        path.write_bytes(data)

    for one in increments:
        spoil(one)
    assert verify_backup(shop, increments[-1]).proof.proven
    for one in increments:
        verify_files(shop.storage, one)
        spoil(one)
    opened = opened_at(shop, increments[-1], END, tmp_path / "opened")
    try:
        assert world(opened.server.endpoint, shop.database) == was
    finally:
        opened.server.discard()
    for one in increments:
        verify_files(shop.storage, one)


def test_an_incremental_backup_is_built_on_what_its_newest_proof_says_of_its_parent(shop, connection):
    target = replace(shop, remote=None)
    full = make_full_backup(target).manifest
    failed = replace(full.proof, proven=False, result="FAILED: it does not start")
    record_proof(Path(full.file_path), failed)
    with pytest.raises(ChainBrokenError, match="not proven") as error:
        make_incremental_backup(target)
    assert "it does not start" in error.value.why
    assert verify_backup(target, full.id).proof.proven
    assert make_incremental_backup(target).parent == full.id


def test_a_proof_is_recorded_here_though_the_bucket_is_out_of_reach_and_follows_later(shop, bucket, said):
    made = backed_up(shop)
    unreachable = replace(shop, remote=replace(bucket.location(), endpoint=NOWHERE, attempts=1))
    assert verify_backup(unreachable, made).proof.proven
    assert any("not in the bucket yet" in line for line in said.lines)
    assert not [key for key in bucket.listed() if key.endswith("proofs.jsonl")]
    upload_backups(shop)
    assert [key for key in bucket.listed() if key.endswith(f"{made}/proofs.jsonl")]


def test_retention_removes_what_is_too_old_from_the_bucket_too_and_only_behind_an_upload(shop, bucket):
    two = replace(shop, keep=Keep(last=2))
    made = [backed_up(two) for _ in range(2)]
    unreachable = replace(two, remote=replace(bucket.location(), endpoint=NOWHERE, attempts=1))
    with pytest.raises(RemoteStorageError):
        backed_up(unreachable)
    assert in_bucket(bucket) == made, "nothing old went while the new one is only here"
    last = backed_up(two)
    assert len(in_bucket(bucket)) == 2 and in_bucket(bucket)[-1] == last
    assert not [key for key in bucket.listed() if made[0] in key]


def test_a_backup_damaged_in_the_bucket_is_refused_before_the_target_is_touched_and_the_older_one_works(
    shop, bucket, connection
):
    was = world(shop.endpoint, shop.database)
    older, damaged, _ = (backed_up(shop) for _ in range(3))
    name = f"{damaged}/files/{shop.database}/parent.ibd.zst"
    [key] = [key for key in bucket.listed() if key.endswith(name)]
    data = bytearray(bucket.read(key))
    data[len(data) // 2] ^= 1
    bucket.write(key, bytes(data))
    execute(connection, "DELETE FROM child")
    now = world(shop.endpoint, shop.database)
    with pytest.raises(BackupCorruptError, match=r"parent\.ibd\.zst") as error:
        restore_backup(shop, damaged, Wish(accept_loss=True))
    assert "sha256" in error.value.why and older in error.value.hint
    assert world(shop.endpoint, shop.database) == now
    databases = {name for (name,) in rows(connection, "SHOW DATABASES") if name.startswith(shop.database)}
    assert databases == {shop.database} and damaged not in here(shop)
    restore_backup(shop, older, Wish(accept_loss=True))
    assert world(shop.endpoint, shop.database) == was


def test_without_a_key_nothing_is_fetched_and_nothing_touched(shop, bucket, tmp_path):
    keys = key_pair(tmp_path / "key.txt")
    sealed = replace(shop, age_recipients=(keys.recipient,))
    first = backed_up(sealed)
    backed_up(sealed)
    was = world(shop.endpoint, shop.database)
    with pytest.raises(BackupKeyError, match="no key is given"):
        restore_backup(sealed, first)
    assert first not in here(shop)
    stranger = replace(sealed, age_identity=key_pair(tmp_path / "stranger.txt").path)
    with pytest.raises(BackupKeyError, match="does not open"):
        restore_backup(stranger, first)
    assert world(shop.endpoint, shop.database) == was
    restore_backup(replace(sealed, age_identity=keys.path), first)
    assert world(shop.endpoint, shop.database) == was


def test_a_deployment_does_not_upload_before_its_end_and_a_good_one_is_good_without_the_bucket(
    shop, bucket, said: Said
):
    unreachable = replace(shop, remote=replace(bucket.location(), endpoint=NOWHERE, attempts=1))
    deployment = Deployment(unreachable, purpose="deploy")
    try:
        deployment.backup = make_full_backup(unreachable)
        offsite.after_backup(deployment)
        deployment.outcome = "released"
        offsite.after_deployment(deployment)
    finally:
        deployment.close()
    assert any("not in the bucket" in line and "dbsync backups upload" in line for line in said.lines)
    assert in_bucket(bucket) == []
    assert upload_backups(shop) == here(shop) == in_bucket(bucket)


def test_the_lock_is_free_while_a_backup_is_uploaded(shop, s3_proxy, bucket):
    endpoint = f"http://127.0.0.1:{s3_proxy.port}"
    behind = replace(shop, remote=replace(bucket.location(), endpoint=endpoint, timeout=60.0))
    s3_proxy.stall_after(100_000)
    deployment = Deployment(behind, purpose="change")
    working = threading.Thread(target=deployment.back_up)
    working.start()
    try:
        while not s3_proxy.stalls:
            assert working.is_alive()
            working.join(0.02)
        with connect(shop.endpoint) as other:
            assert value(other, "SELECT IS_USED_LOCK('prisma_migrate')") is None
    finally:
        s3_proxy.pass_through()
        working.join()
        deployment.close()
    assert in_bucket(bucket) == here(shop)
