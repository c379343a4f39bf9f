"""A backup that is only in the bucket is judged by its newest proof, whoever made it."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.entry import Entry
from resources.backup.freshness import freshness, freshness_anywhere
from resources.backup.index import look
from resources.backup.moment.base import possible_bases
from resources.backup.moment.moment import parse_moment
from resources.backup.remote.keep import share_proofs, upload_backups
from resources.backup.remote.listing import all_backups, locate
from resources.backup.retention import prune_backups
from resources.backup.standing import later_proofs, record_proof, standing
from resources.errors import MomentError
from resources.target import Keep
from tests.resources.backup.test_manifest import MANIFEST

GOOD = replace(MANIFEST.proof, at="2026-11-24T01:00:00.000Z", result="unpacked and started", of="archive")
BAD = replace(GOOD, proven=False, at="2026-11-24T02:00:00.000Z", result="FAILED: a file is damaged")


def only_in_bucket(target, made):
    upload_backups(target)
    shutil.rmtree(target.storage / made.id)
    return locate(target, made.id)


@pytest.mark.parametrize(
    ("proofs", "word"),
    [([BAD], "FAILED"), ([BAD, GOOD], "proven"), ([], "proven")],
    ids=["bad", "bad, good", "none"],
)
def test_its_later_proofs_decide_as_of_one_that_is_here(remote_target, add, proofs, word):
    made = add(1)
    for proof in proofs:
        record_proof(Path(made.file_path), proof)
    here = standing(made)
    found = only_in_bucket(remote_target, made)
    assert found.file_path.startswith("s3://")
    assert standing(found) == here and here.word == word
    [listed] = all_backups(remote_target)
    assert standing(listed) == here
    assert standing(Entry.of(listed, "")) == here
    assert found == replace(made, file_path=found.file_path), "and nothing of it is stored"
    assert found.encode() == made.encode()


def test_a_proof_that_failed_elsewhere_counts_here_without_a_fetch(remote_target, add, bucket, tmp_path):
    made = add(1)
    assert standing(only_in_bucket(remote_target, made)).proven
    elsewhere = tmp_path / "elsewhere" / made.id
    elsewhere.mkdir(parents=True)
    record_proof(elsewhere, BAD)
    bucket.write(f"some/place/{made.id}/proofs.jsonl", (elsewhere / "proofs.jsonl").read_bytes())
    assert standing(locate(remote_target, made.id)).failed
    assert not (remote_target.storage / made.id).exists()
    moment = parse_moment("2026-11-25T00:00:00Z", "", "")
    assert moment
    with pytest.raises(MomentError, match="no proven full backup"):
        possible_bases(remote_target, moment)


def test_proofs_of_two_machines_are_put_together_and_the_newest_decides(remote_target, add, bucket, tmp_path):
    made = add(1)
    upload_backups(remote_target)
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    record_proof(theirs, BAD)
    bucket.write(f"some/place/{made.id}/proofs.jsonl", (theirs / "proofs.jsonl").read_bytes())
    record_proof(Path(made.file_path), GOOD)
    share_proofs(remote_target, made)
    assert later_proofs(Path(made.file_path)) == [GOOD, BAD] and standing(made).failed
    both = (Path(made.file_path) / "proofs.jsonl").read_bytes()
    assert bucket.read(f"some/place/{made.id}/proofs.jsonl") == both
    share_proofs(remote_target, made)
    assert (Path(made.file_path) / "proofs.jsonl").read_bytes() == both


def test_a_proof_of_a_backup_that_is_not_in_the_bucket_yet_goes_up_with_it(remote_target, add, bucket):
    made = add(1)
    record_proof(Path(made.file_path), GOOD)
    share_proofs(remote_target, made)
    assert bucket.listed() == []
    upload_backups(remote_target)
    assert standing(only_in_bucket(remote_target, made)).proof == GOOD


def test_a_proven_one_in_the_bucket_makes_a_storage_fresh_whose_own_newest_failed(remote_target, add):
    older, newest = add(1), add(2)
    upload_backups(remote_target)
    record_proof(Path(newest.file_path), BAD)
    young = replace(remote_target, backup_max_age=100 * 365 * 86400.0)
    here = look(young.storage).entries
    assert [one.id for one in here] == [newest.id] and freshness(young, here).newest is None
    found = freshness_anywhere(young, here)
    assert found.newest and found.newest.id == older.id and found.is_fresh
    away = replace(young, remote=replace(young.remote, endpoint="http://127.0.0.1:9", attempts=1))
    assert not freshness_anywhere(away, here).is_fresh


def test_retention_counts_a_remote_backup_by_its_later_proofs(remote_target, add):
    older, newer = add(1), add(2)
    record_proof(Path(newer.file_path), BAD)
    only_in_bucket(remote_target, newer)
    keep = replace(remote_target, keep=Keep(last=1))
    pruned = prune_backups(keep, server_uuid=older.server_uuid)
    assert "not proven" in pruned.plan.refusal and newer.id in pruned.plan.refusal
    assert [one.id for one in all_backups(remote_target)] == [older.id, newer.id]


def test_what_builds_on_one_that_is_damaged_in_the_bucket_is_no_orphan(remote_target, add, bucket, said):
    parent, newest = add(1), add(3)
    upload_backups(remote_target)
    assert not (remote_target.storage / parent.id).exists(), "it is in the bucket alone"
    child = add(2, type="incremental", parent=parent.id)
    keep = replace(remote_target, keep=Keep(last=1))
    bucket.write(f"some/place/{parent.id}/manifest.json", b"{}")
    pruned = prune_backups(keep, server_uuid=newest.server_uuid)
    assert pruned.removed == ()
    assert {one.id for one in all_backups(remote_target)} == {child.id, newest.id}
    bucket.write(f"some/place/{parent.id}/manifest.json", parent.encode())
    dry = prune_backups(keep, server_uuid=newest.server_uuid, dry_run=True)
    [verdict] = [one for one in dry.plan.verdicts if one.id == child.id]
    assert "gone" not in verdict.why, "its parent is in the bucket"


def test_the_newest_local_copies_of_every_database_stay(remote_target, add):
    other = add(1, database="other")
    mine = [add(2), add(3)]
    upload_backups(remote_target)
    left = sorted(path.name for path in remote_target.storage.glob("*-full"))
    assert left == [other.id, mine[1].id], "an incremental backup of each can go on"
