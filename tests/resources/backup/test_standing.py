"""Later proofs beside a manifest that never changes: the newest one counts."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup import retention
from resources.backup.archive import pack
from resources.backup.catalog import corrupt, list_backups, load_manifest
from resources.backup.manifest import Manifest, Proof
from resources.backup.proof import no_proof
from resources.backup.proof_choice import proof_choice
from resources.backup.standing import FILE_NAME, later_proofs, record_proof, standing
from resources.backup.usable import require_usable
from resources.errors import DiskFullError, UnprovenBackupError
from resources.mysql.endpoint import Endpoint
from resources.target import Keep, Target
from tests.resources.backup.test_manifest import MANIFEST

GOOD = Proof(True, "2026-11-24T05:15:00.000Z", "here", 4.0, "unpacked and started", "archive", 2.5)
BAD = replace(
    GOOD, proven=False, at="2026-11-25T05:15:00.000Z", result="FAILED: rows differ", restore_seconds=0.0
)


@pytest.fixture
def add(tmp_path):
    """Put a small but whole backup into the storage."""
    (tmp_path / "data").write_bytes(b"rows" * 1000)

    def put(number: int, **more: object) -> Manifest:
        folder = tmp_path / "storage" / f"20261123T120000Z-{number:04d}-full"
        folder.mkdir(parents=True)
        files = tuple(pack(tmp_path, ["data"], folder))
        timestamp = f"2026-11-23T{number:02d}:00:00.000Z"
        made = replace(MANIFEST, id=folder.name, timestamp=timestamp, files=files, **more)
        (folder / "manifest.json").write_bytes(made.encode())
        return load_manifest(tmp_path / "storage", folder.name)

    return put


def test_without_later_proofs_the_manifest_s_own_counts(add):
    found = standing(add(1))
    assert (found.proof, found.proofs, found.word) == (MANIFEST.proof, 1, "proven")


def test_the_newest_proof_counts_good_or_bad_and_the_manifest_stays_as_it_was(add):
    manifest = add(1)
    backup = Path(manifest.file_path)
    before = (backup / "manifest.json").read_bytes()
    for proof, word in ((BAD, "FAILED"), (GOOD, "proven"), (BAD, "FAILED")):
        record_proof(backup, proof)
        assert (standing(manifest).proof, standing(manifest).word) == (proof, word)
    assert later_proofs(backup) == [BAD, GOOD, BAD] and standing(manifest).proofs == 4
    assert (backup / "manifest.json").read_bytes() == before
    assert load_manifest(backup.parent, manifest.id) == manifest
    assert (backup / FILE_NAME).stat().st_mode & 0o777 == 0o600


def test_one_that_nobody_ever_tried_is_not_proven_and_has_not_failed(add):
    manifest = add(1, proof=no_proof())
    found = standing(manifest)
    assert (found.word, found.proven, found.failed, found.proofs) == ("NOT proven", False, False, 0)
    record_proof(Path(manifest.file_path), GOOD)
    assert standing(manifest).word == "proven"


@pytest.mark.parametrize("torn", [b'\n{"proven": fal', b"\n\xff\xfe\n", b"\n[]\n", b'\n{"proven": false}\n'])
def test_a_line_torn_by_a_crash_spoils_only_itself(add, torn):
    manifest = add(1)
    backup = Path(manifest.file_path)
    record_proof(backup, GOOD)
    with (backup / FILE_NAME).open("ab") as stream:
        stream.write(torn)
    assert standing(manifest).proof == GOOD
    record_proof(backup, BAD)
    assert later_proofs(backup) == [GOOD, BAD]


def test_proofs_are_neither_read_nor_written_through_a_link(add, tmp_path):
    manifest = add(1)
    elsewhere = tmp_path / "elsewhere"
    elsewhere.write_text(json.dumps(BAD.as_dict()))
    (Path(manifest.file_path) / FILE_NAME).symlink_to(elsewhere)
    assert standing(manifest).proof == MANIFEST.proof
    with pytest.raises(OSError, match="symbolic"):
        record_proof(Path(manifest.file_path), BAD)
    assert elsewhere.read_text() == json.dumps(BAD.as_dict())


def test_a_full_disk_is_said_so(add, monkeypatch):
    manifest = add(1)
    path = Path(manifest.file_path) / FILE_NAME
    path.touch()
    real = os.open
    monkeypatch.setattr(os, "open", lambda file, *more: real("/dev/full" if file == path else file, *more))
    with pytest.raises(DiskFullError):
        record_proof(path.parent, GOOD)


def storing_in(storage: Path) -> Target:
    nowhere, folder = Endpoint("127.0.0.1", 1, "nobody", "nothing"), storage.parent
    return Target(nowhere, "shop", folder / "migrations", storage, folder / "state", folder / "tools")


def test_one_whose_newest_proof_failed_is_refused_naming_an_older_good_one(add, said):
    good, failed_too, failed = add(1), add(2), add(3)
    for one in (failed_too, failed):
        record_proof(Path(one.file_path), BAD)
    target = storing_in(Path(failed.file_path).parent)
    with pytest.raises(UnprovenBackupError) as error:
        require_usable(target, failed, accept_failed_proof=False)
    assert error.value.exit_code == 24 and BAD.result in error.value.why
    assert good.id in error.value.hint and failed_too.id not in error.value.hint
    assert "--accept-failed-proof" in error.value.hint
    require_usable(target, failed, accept_failed_proof=True)
    assert any("used all the same" in line for line in said.lines)
    require_usable(target, good, accept_failed_proof=False)


def test_damage_offers_a_proven_backup_before_a_newer_one_that_is_not(add):
    proven, unproven, broken = add(1), add(2, proof=no_proof()), add(3)
    storage = Path(broken.file_path).parent
    assert proven.id in corrupt(storage, broken.id, "data", "why").hint
    record_proof(Path(proven.file_path), BAD)
    assert unproven.id in corrupt(storage, broken.id, "data", "why").hint
    record_proof(Path(unproven.file_path), BAD)
    assert corrupt(storage, broken.id, "data", "why").hint == "make a new one: dbsync backup"


def test_what_failed_its_newest_proof_does_not_count_as_kept_and_stops_the_removal(add):
    made = [add(number) for number in range(1, 5)]
    storage = Path(made[0].file_path).parent
    nowhere = Endpoint("127.0.0.1", 1, "u", "p")
    target = Target(
        nowhere, MANIFEST.database, storage, storage, storage.parent / "state", storage, keep=Keep(last=2)
    )

    def prune() -> retention.Pruned:
        return retention.prune_backups(target, server_uuid=MANIFEST.server_uuid)

    record_proof(Path(made[-1].file_path), BAD)
    refused = prune()
    assert refused.removed == () and made[-1].id in refused.plan.refusal
    record_proof(Path(made[-1].file_path), GOOD)
    record_proof(Path(made[2].file_path), BAD)
    assert made[1].id not in prune().removed, "the second and the fourth are the two good ones"
    assert {one.id for one in list_backups(storage)} >= {made[1].id, made[3].id}


@pytest.mark.parametrize(
    ("asked", "setting", "scheduled", "chosen"),
    [
        ("", "auto", False, "clone"),
        ("auto", "auto", True, "archive"),
        ("auto", "none", True, "none"),
        ("auto", "clone", True, "clone"),
        ("archive", "none", False, "archive"),
        ("none", "archive", True, "none"),
    ],
)
def test_what_is_restored_for_the_proof(asked, setting, scheduled, chosen):
    assert proof_choice(asked, setting, scheduled=scheduled) == chosen
