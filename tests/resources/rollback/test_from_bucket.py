"""A rollback whose backup is gone from this machine, or damaged on it, and good in the bucket."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.make import make_full_backup
from resources.backup.remote.keep import upload_backups
from resources.backup.standing import record_proof
from resources.errors import RollbackFailedError, RollbackRefusedError
from resources.mysql.connection import connect, execute
from resources.rollback.rollback import roll_back
from tests.resources.backup.remote.test_proofs import BAD, GOOD
from tests.support.s3_server import S3Server

pytestmark = pytest.mark.slow


@pytest.fixture
def bucket():
    with S3Server() as running:
        yield running.new_bucket()


@pytest.mark.parametrize("state", ["gone", "damaged"])
def test_it_uses_the_bucket_s_copy_if_that_is_proven_and_says_why_it_cannot(
    shop, target, journal, world, bucket, state
):
    before = world()
    target = replace(target, remote=bucket.location())
    manifest = make_full_backup(target).manifest
    upload_backups(target)
    local = Path(manifest.file_path)
    deployment = journal.begin(target.name)
    place = {"binlog_file": manifest.binlog_file, "binlog_position": manifest.binlog_position}
    journal.record(deployment, "backed_up", backup_id=manifest.id, **place)
    with connect(target.endpoint, target.database) as session:
        journal.record(deployment, "applying", threads=[int(session.thread_id())])
        execute(session, "DROP TABLE old")
        execute(session, "UPDATE parent SET name = 'migrated'")
    after = world()
    if state == "gone":
        shutil.rmtree(local)
    else:
        victim = next(local.rglob("item.ibd.zst"))
        victim.write_bytes(victim.read_bytes()[:-1])

    away = replace(target, remote=bucket.location(endpoint="http://127.0.0.1:9", attempts=1))
    with pytest.raises(RollbackFailedError) as failed:
        roll_back(away, journal, deployment, reason="a test")
    assert "s3" in failed.value.why.lower() or "127.0.0.1:9" in failed.value.why
    if state == "damaged":
        assert "item.ibd" in failed.value.why and "cannot be used" in failed.value.why
    assert world() == after

    record_proof(Path(target.state), BAD)
    key = f"some/place/{manifest.id}/proofs.jsonl"
    bucket.write(key, (target.state / "proofs.jsonl").read_bytes())
    with pytest.raises(RollbackRefusedError, match="not proven to restore") as refused:
        roll_back(target, journal, deployment, reason="a test")
    assert BAD.result in refused.value.why
    assert world() == after

    record_proof(Path(target.state), replace(GOOD, at="2026-11-24T03:00:00.000Z"))
    bucket.write(key, (target.state / "proofs.jsonl").read_bytes())
    if local.exists():
        (local / "proofs.jsonl").unlink(missing_ok=True)
        victim = next(local.rglob("item.ibd.zst"))
        victim.write_bytes(victim.read_bytes()[:-1])
    result = roll_back(target, journal, deployment, reason="a test")
    assert result.outcome == "rolled_back" and set(result.tables) == {"old", "parent"}
    assert world() == before
    assert local.is_dir(), "it is here again"
