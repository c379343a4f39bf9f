"""`dbsync backup` with a bucket: what it says, what it ends with, and what a kill leaves."""

from __future__ import annotations

import json
import time

import pytest

from tests.support.project import Project, kill

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]


def _in_bucket(bucket) -> list[str]:
    return sorted(key.split("/")[2] for key in bucket.listed() if key.endswith("/manifest.json"))


def _here(project: Project) -> list[str]:
    return sorted(path.name for path in project.storage.glob("*-full"))


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
    [backup_id] = _here(with_bucket)
    assert _in_bucket(bucket) == [], "without its manifest it does not count"
    begun = [key for key in bucket.listed() if backup_id in key]
    code, listed = with_bucket.report("backups", "list")
    assert code == 0 and [one["file_path"] for one in listed] == [str(with_bucket.storage / backup_id)]
    code, report = with_bucket.report("backups", "upload")
    assert code == 0 and report["uploaded"] == [backup_id]
    assert _in_bucket(bucket) == [backup_id] and set(begun) <= set(bucket.listed())
    top = with_bucket.storage / backup_id
    here = {str(path.relative_to(top)): path.read_bytes() for path in top.rglob("*") if path.is_file()}
    there = {key.split("/", 3)[3]: bucket.read(key) for key in bucket.listed()}
    assert there == here


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
    code, report = with_bucket.report("backup")
    assert code == 26 and report["error"]["code"] == "remote-storage", report
    assert "usable on this machine" in report["error"]["what"]
    assert "refuses this key" in report["error"]["what"] and "prefix" in report["error"]["hint"]
    assert "dbsync backups upload" in report["error"]["hint"]
    assert _in_bucket(bucket) == []
    [backup_id] = _here(with_bucket)
    before = with_bucket.world()
    with_bucket.execute("DELETE FROM `Post`")
    done = with_bucket.run("restore", backup_id, "--accept-loss")
    assert done.returncode == 0, done.stderr
    assert with_bucket.world() == before
    bucket.client.delete_bucket_policy(Bucket=bucket.name)
    assert with_bucket.run("backups", "upload").returncode == 0
    assert _in_bucket(bucket) == [backup_id]


def test_without_the_bucket_the_list_shows_what_is_here_and_says_so(with_bucket):
    code, listed = with_bucket.report("backups", "list", BACKUP_S3_ENDPOINT="http://127.0.0.1:9")
    assert (code, listed) == (0, [])
    done = with_bucket.run("backups", "list", BACKUP_S3_ENDPOINT="http://127.0.0.1:9")
    assert "only what is on this machine is listed" in done.stderr and "cannot be reached" in done.stderr
