"""The bucket's secret and the age key are nowhere: argv, environments, output, logs, Dagster, the bucket."""

from __future__ import annotations

import threading

import pytest

from tests.faults.test_secrets import poll_processes
from tests.support.age_keys import key_pair

pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]
SECRET = "s3canary'\"$ %@:/\\x+secret="
TOKEN = "s3canary-token/+="


def test_secrets_appear_nowhere_after_a_backup_a_failure_and_a_restore(with_bucket, bucket, tmp_path):
    keys = key_pair(tmp_path / "elsewhere.txt")
    needles = ("s3canary", keys.secret)
    with_bucket.environment |= {
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": TOKEN,
        "BACKUP_AGE_RECIPIENT": keys.recipient,
        "BACKUP_AGE_IDENTITY": str(keys.path),
    }
    seen: list[str] = []
    stop = threading.Event()
    watcher = threading.Thread(target=poll_processes, args=(seen, stop, needles))
    watcher.start()
    try:
        code, report = with_bucket.report("backup")
        lost = with_bucket.run("backups", "upload", BACKUP_S3_ENDPOINT="http://127.0.0.1:9")
        refused = with_bucket.run("backup", BACKUP_AGE_RECIPIENT=keys.secret)
        restored = with_bucket.run("restore", report["id"], DBSYNC_DEBUG="1")
    finally:
        stop.set()
        watcher.join()
    assert (code, lost.returncode, refused.returncode, restored.returncode) == (0, 26, 3, 0), restored.stderr
    assert not seen
    for done in (lost, refused, restored):
        for needle in needles:
            assert needle not in done.stdout + done.stderr
    assert "s3canary" not in str(report)
    stored = [path for path in with_bucket.folder.rglob("*") if path.is_file()]
    for needle in (needle.encode() for needle in needles):
        for path in stored:
            assert needle not in path.read_bytes(), path
        for key in bucket.listed():
            assert needle not in bucket.read(key), key
