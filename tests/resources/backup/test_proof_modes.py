"""What each kind of proof restores, on a real server, and what a backup without one may be used for."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup import make, prove_archive
from resources.backup.archive import stored_path
from resources.backup.catalog import list_backups, load_manifest
from resources.backup.make import make_full_backup
from resources.backup.standing import later_proofs, standing
from resources.backup.verify import newest_backup, verify_backup
from resources.errors import BackupCorruptError, BackupFailedError, DiskFullError, NoSuchBackupError
from resources.mysql.digest import TableDigest
from tests.resources.backup.conftest import leftovers, world

pytestmark = pytest.mark.slow


def test_the_stored_archive_is_restored_before_the_backup_is_listed(lossy, said):
    was = world(lossy.endpoint, lossy.database)
    manifest = make_full_backup(lossy, proof="archive").manifest
    assert (manifest.proof.proven, manifest.proof.of) == (True, "archive")
    assert manifest.proof.result.startswith("unpacked and started")
    assert 0 < manifest.proof.restore_seconds < manifest.proof.seconds
    assert "prove the archive" in manifest.timings
    assert manifest.tables == was.digests
    assert load_manifest(lossy.storage, manifest.id).proof == manifest.proof
    assert leftovers(lossy) == []


@pytest.mark.parametrize("damage", ["a flipped byte", "a truncated file", "other rows"])
def test_an_archive_that_does_not_restore_to_the_same_is_never_listed(awkward, monkeypatch, damage):
    real = make.prove_archive

    def after_damage(target, manifest, folder):
        victim = max(manifest.files, key=lambda file: file.stored_length)
        path = stored_path(Path(manifest.file_path), victim.path)
        data = bytearray(path.read_bytes())
        if damage == "a flipped byte":
            data[len(data) // 2] ^= 1
            path.write_bytes(data)
        elif damage == "a truncated file":
            path.write_bytes(data[:-1])
        else:
            manifest = replace(manifest, tables={**manifest.tables, "child": TableDigest(2, 1)})
        return real(target, manifest, folder)

    monkeypatch.setattr(make, "prove_archive", after_damage)
    with pytest.raises(BackupFailedError, match="does not restore to what was backed up"):
        make_full_backup(awkward, proof="archive")
    assert list_backups(awkward.storage) == [] and leftovers(awkward) == []


def test_with_the_copy_kept_the_archive_is_proven_beside_it(awkward):
    was = world(awkward.endpoint, awkward.database)
    made = make_full_backup(awkward, keep_server=True, proof="archive")
    try:
        assert made.server and made.manifest.proof.of == "archive"
        assert world(made.server.endpoint, awkward.database) == was
    finally:
        made.close()
    assert leftovers(awkward) == []


@pytest.mark.parametrize("engine", ["clone", "mysqldump"])
def test_without_a_proof_it_is_listed_as_not_proven_and_can_be_proven_later(awkward, engine, tmp_path):
    target = replace(awkward, backup_engine=engine)
    was = world(target.endpoint, target.database)
    manifest = make_full_backup(target, proof="none").manifest
    assert not manifest.proof.proven and "NOT proven" in manifest.proof.result
    assert manifest.tables == {}, "no row was read"
    assert set(manifest.schema.tables) == set(was.digests)
    assert standing(manifest).word == "NOT proven"
    assert leftovers(target) == []
    verified = verify_backup(target, manifest.id)
    assert verified.proof.proven and "nothing to compare" in verified.proof.result
    assert standing(load_manifest(target.storage, manifest.id)).word == "proven"


def test_a_proof_again_is_recorded_and_a_failed_one_names_an_older_good_backup(awkward):
    older, newer = (make_full_backup(awkward).manifest for _ in range(2))
    backup = Path(newer.file_path)
    first = verify_backup(awkward, newer.id).proof
    assert later_proofs(backup) == [first] and first.of == "archive" and first.restore_seconds > 0

    victim = stored_path(backup, max(newer.files, key=lambda file: file.stored_length).path)
    sound = victim.read_bytes()
    victim.write_bytes(sound[:-1])
    with pytest.raises(BackupCorruptError) as error:
        verify_backup(awkward, newer.id)
    assert older.id in error.value.hint
    found = standing(load_manifest(awkward.storage, newer.id))
    assert found.failed and "FAILED" in found.proof.result and victim.name in found.proof.result
    victim.write_bytes(sound)
    assert verify_backup(awkward, newer.id).proof.proven
    assert standing(load_manifest(awkward.storage, newer.id)).proven
    assert leftovers(awkward) == []


def test_a_proof_that_could_not_be_tried_says_nothing_about_the_backup(awkward, monkeypatch):
    manifest = make_full_backup(awkward).manifest

    def full(*arguments):
        raise DiskFullError("disk full")

    monkeypatch.setattr(prove_archive, "open_manifest", full)
    with pytest.raises(DiskFullError):
        verify_backup(awkward, manifest.id)
    assert later_proofs(Path(manifest.file_path)) == [] and standing(manifest).proven


def test_the_newest_backup_is_the_newest_of_this_database(awkward):
    with pytest.raises(NoSuchBackupError):
        newest_backup(awkward)
    make_full_backup(awkward, proof="none")
    second = make_full_backup(awkward, proof="none").manifest
    assert newest_backup(awkward).id == second.id
    with pytest.raises(NoSuchBackupError):
        newest_backup(replace(awkward, database="another"))
