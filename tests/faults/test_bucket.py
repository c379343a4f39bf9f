"""Backups in a bucket: what is true after a kill, a refusal, damage and silence on the way there."""

from __future__ import annotations

import json
import time

import pytest

from tests.e2e.conftest import GOOD
from tests.support.project import Project, kill

pytestmark = pytest.mark.slow
PREFIX = "shop/production/"


def _ids_in_bucket(bucket) -> list[str]:
    """Of complete backups: those with a manifest."""
    return sorted(key.split("/")[2] for key in bucket.listed() if key.endswith("/manifest.json"))


def _backup(project: Project, **environment: str) -> str:
    code, report = project.report("backup", **environment)
    assert code == 0, report
    return report["id"]


def _local(project: Project) -> list[str]:
    return sorted(path.name for path in project.storage.glob("*-full"))


def test_a_backup_that_is_only_in_the_bucket_restores_to_equal_rows(with_bucket, bucket):
    was = with_bucket.world()
    first = _backup(with_bucket)
    with_bucket.execute("DELETE FROM `Post`", "UPDATE `User` SET `ratio` = NULL")
    second = _backup(with_bucket)
    assert _ids_in_bucket(bucket) == [first, second]
    assert _local(with_bucket) == [second], "the older copy made room"
    code, listed = with_bucket.report("backups", "list")
    assert code == 0 and [one["id"] for one in listed] == [first, second]
    assert listed[0]["file_path"] == f"s3://{bucket.name}/{PREFIX}{first}"
    assert listed[1]["file_path"] == str(with_bucket.storage / second)
    assert with_bucket.report("backups", "show", first)[0] == 0
    assert _local(with_bucket) == [second], "showing fetches nothing"
    done = with_bucket.run("restore", first)
    assert done.returncode == 0, done.stderr
    assert with_bucket.world() == was
    assert with_bucket.run("backups", "verify", first).returncode == 0


def test_retention_removes_what_is_too_old_from_the_bucket_too(with_bucket, bucket):
    made = [_backup(with_bucket, BACKUP_KEEP="2") for _ in range(3)]
    assert _ids_in_bucket(bucket) == made[1:]
    assert not [key for key in bucket.listed() if made[0] in key]
    assert _local(with_bucket) == made[2:]


def test_killed_while_uploading_the_backup_is_whole_here_and_absent_there_and_the_next_upload_completes_it(
    with_bucket, bucket, s3_proxy
):
    with_bucket.environment["BACKUP_S3_ENDPOINT"] = f"http://127.0.0.1:{s3_proxy.port}"
    s3_proxy.stall_after(300_000)
    process = with_bucket.start("backup")
    while not s3_proxy.stalls:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    kill(process)
    s3_proxy.pass_through()
    [backup_id] = _local(with_bucket)
    assert _ids_in_bucket(bucket) == [], "without its manifest it does not count"
    begun = [key for key in bucket.listed() if backup_id in key]
    code, listed = with_bucket.report("backups", "list")
    assert code == 0 and [one["file_path"] for one in listed] == [str(with_bucket.storage / backup_id)]
    code, report = with_bucket.report("backups", "upload")
    assert code == 0 and report["uploaded"] == [backup_id]
    assert _ids_in_bucket(bucket) == [backup_id] and set(begun) <= set(bucket.listed())
    top = with_bucket.storage / backup_id
    here = {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}
    there = {key.split("/", 3)[3]: bucket.read(key) for key in bucket.listed()}
    assert there == here


def test_a_backup_damaged_in_the_bucket_is_refused_before_the_target_is_touched_and_the_older_one_works(
    with_bucket, bucket
):
    was = with_bucket.world()
    older, damaged, _ = (_backup(with_bucket) for _ in range(3))
    name = f"{damaged}/files/{with_bucket.database}/User.ibd.zst"
    [key] = [key for key in bucket.listed() if key.endswith(name)]
    data = bytearray(bucket.read(key))
    data[len(data) // 2] ^= 1
    bucket.write(key, bytes(data))
    with_bucket.execute("DELETE FROM `Post`")
    now = with_bucket.world()
    code, report = with_bucket.report("restore", damaged)
    assert code == 21 and report["error"]["code"] == "backup-corrupt"
    assert "User.ibd.zst" in report["error"]["what"] and "sha256" in report["error"]["why"]
    assert older in report["error"]["hint"]
    assert with_bucket.world() == now and with_bucket.databases() == {with_bucket.database}
    assert damaged not in _local(with_bucket)
    assert with_bucket.run("restore", older).returncode == 0
    assert with_bucket.world() == was


def _usable_here(project: Project) -> None:
    """After a failed upload: the local backup is listed, and restores."""
    [backup_id] = _local(project)
    before = project.world()
    project.execute("DELETE FROM `Post`")
    done = project.run("restore", backup_id)
    assert done.returncode == 0, done.stderr
    assert project.world() == before


def _refused(project: Project, **environment: str) -> dict[str, str]:
    """The error of a backup that did not get into the bucket."""
    code, report = project.report("backup", **environment)
    assert code == 26 and report["error"]["code"] == "remote-storage", report
    assert "usable on this machine" in report["error"]["what"]
    assert "dbsync backups upload" in report["error"]["hint"]
    return report["error"]


def test_a_bucket_that_refuses_fails_the_backup_with_the_reason_and_the_local_one_is_usable(
    with_bucket, bucket
):
    policy = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Deny",
                "Principal": "*",
                "Action": "s3:PutObject",
                "Resource": f"arn:aws:s3:::{bucket.name}/*",
            }
        ],
    }
    bucket.client.put_bucket_policy(Bucket=bucket.name, Policy=json.dumps(policy))
    error = _refused(with_bucket)
    assert "refuses this key" in error["what"] and "prefix" in error["hint"]
    assert _ids_in_bucket(bucket) == []
    _usable_here(with_bucket)
    bucket.client.delete_bucket_policy(Bucket=bucket.name)
    assert with_bucket.run("backups", "upload").returncode == 0
    assert _ids_in_bucket(bucket) == _local(with_bucket)


def test_each_way_of_not_reaching_the_bucket_has_words_of_its_own(with_bucket, bucket, s3_proxy, httpserver):
    httpserver.expect_request("/", method="HEAD").respond_with_data("")
    [first] = [_refused(with_bucket, BACKUP_S3_ENDPOINT="http://127.0.0.1:9")]
    assert "cannot be reached" in first["what"] and "BACKUP_S3_ENDPOINT" in first["hint"]
    s3_proxy.stall()
    through = {"BACKUP_S3_ENDPOINT": f"http://127.0.0.1:{s3_proxy.port}"}
    begun = time.monotonic()
    code, report = with_bucket.report("backups", "upload", BACKUP_S3_TIMEOUT="500ms", **through)
    assert code == 26 and "did not answer in time" in report["error"]["what"]
    assert time.monotonic() - begun < 60
    s3_proxy.cut()
    code, report = with_bucket.report("backups", "upload", **through)
    assert code == 26 and "connection" in report["error"]["what"]
    httpserver.expect_request("").respond_with_data("<html>hello</html>", content_type="text/html")
    code, report = with_bucket.report("backups", "upload", BACKUP_S3_ENDPOINT=httpserver.url_for(""))
    assert code == 26 and "S3 protocol" in report["error"]["what"], report
    missing = with_bucket.environment["BACKUP_STORAGE_PATH"].replace(bucket.name, "no-such-bucket-here")
    code, report = with_bucket.report("backups", "upload", BACKUP_STORAGE_PATH=missing)
    assert code == 26 and "no such" in report["error"]["what"]
    keyless = {"AWS_SECRET_ACCESS_KEY": "", "AWS_ACCESS_KEY_ID": "", "AWS_EC2_METADATA_DISABLED": "true"}
    code, report = with_bucket.report("backups", "upload", **keyless)
    assert code == 26 and "no credentials" in report["error"]["what"]
    assert len(_local(with_bucket)) == 1
    code, listed = with_bucket.report("backups", "list", BACKUP_S3_ENDPOINT="http://127.0.0.1:9")
    assert code == 0 and [one["id"] for one in listed] == _local(with_bucket)


def test_a_release_does_not_wait_for_the_bucket_and_says_that_its_backup_is_only_here(with_bucket, bucket):
    with_bucket.add_migration(*GOOD)
    done = with_bucket.run("deploy", BACKUP_S3_ENDPOINT="http://127.0.0.1:9")
    assert done.returncode == 0, done.stderr
    assert GOOD[0] in with_bucket.applied()
    assert "not in the bucket" in done.stderr and "dbsync backups upload" in done.stderr
    assert with_bucket.run("backups", "upload").returncode == 0
    assert _ids_in_bucket(bucket) == _local(with_bucket)


def test_the_lock_is_free_while_a_backup_is_uploaded(with_bucket, bucket, s3_proxy):
    with_bucket.environment["BACKUP_S3_ENDPOINT"] = f"http://127.0.0.1:{s3_proxy.port}"
    s3_proxy.stall_after(100_000)
    process = with_bucket.start("backup")
    while not s3_proxy.stalls:
        assert process.poll() is None, process.communicate()
        time.sleep(0.02)
    [(holder,)] = with_bucket.query("SELECT IS_USED_LOCK('prisma_migrate')")
    assert holder is None
    s3_proxy.pass_through()
    assert process.wait(120) == 0
    process.communicate()
    assert len(_ids_in_bucket(bucket)) == 1
