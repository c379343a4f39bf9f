"""`dbsync backup --proof` and `dbsync backups list|show|verify`, as a person types them."""

from __future__ import annotations

import pytest

from tests.e2e.conftest import GOOD

pytestmark = pytest.mark.slow


def test_a_backup_says_its_engine_its_proof_and_every_later_proof(project):
    code, made = project.report("backup", "--proof", "archive")
    assert (code, made["engine"], made["engine_reason"]) == (0, "clone", "the server can be cloned")
    assert (made["proof"]["proven"], made["proof"]["of"]) == (True, "archive")
    code, verified = project.report("backups", "verify")
    assert (code, verified["id"]) == (0, made["id"])
    assert verified["proof"]["restore_seconds"] > 0

    _, (listed,) = project.report("backups", "list")
    assert listed["proven"] is True and listed["proof"]["at"] == verified["proof"]["at"]
    _, shown = project.report("backups", "show", made["id"])
    assert shown["engine_reason"] == made["engine_reason"]
    assert shown["later_proofs"] == [verified["proof"]]
    assert shown["standing"]["standing"] == "proven" and shown["standing"]["proofs"] == 2
    text = project.run("backups", "show", made["id"]).stdout
    for words in ("by clone (the server can be cloned)", "standing        proven", "archive, restored in"):
        assert words in text
    assert "proven" in project.run("backups", "list").stdout


def test_without_a_proof_it_is_listed_as_not_proven_and_no_release_stands_on_it(project):
    done = project.run("backup", "--proof", "none")
    assert done.returncode == 0, done.stderr
    assert "NOT proven" in done.stdout and "dbsync backups verify" in done.stdout
    assert "NOT proven" in project.run("backups", "list").stdout
    project.add_migration(*GOOD)
    before = project.world()
    code, report = project.report("deploy", BACKUP_PROOF="none")
    assert (code, report["outcome"]) == (20, "failed")
    assert "unset BACKUP_PROOF" in report["error"]["hint"]
    assert project.world() == before
    assert project.run("deploy").returncode == 0


def test_a_failed_proof_ends_with_its_code_and_the_backup_needs_a_word_from_then_on(project):
    _, older = project.report("backup")
    _, newer = project.report("backup")
    victim = max(
        (project.storage / newer["id"] / "files").rglob("*.zst"), key=lambda path: path.stat().st_size
    )
    sound = victim.read_bytes()
    victim.write_bytes(sound[:-1])
    failed = project.run("backups", "verify", newer["id"])
    assert failed.returncode == 21 and older["id"] in failed.stderr and victim.name in failed.stderr
    assert "FAILED" in project.run("backups", "list").stdout
    victim.write_bytes(sound)
    before = project.world()
    refused = project.run("restore", newer["id"])
    assert refused.returncode == 24 and older["id"] in refused.stderr
    assert project.world() == before
    assert project.run("restore", newer["id"], "--accept-failed-proof").returncode == 0


def test_a_proof_that_is_not_known_is_a_wrong_command(project):
    assert project.run("backup", "--proof", "later").returncode == 2


def test_what_a_dump_loses_is_refused_until_the_table_is_named_and_then_shown_with_the_backup(project):
    refused = project.run("backup", BACKUP_ENGINE="mysqldump")
    assert refused.returncode == 20
    assert "ratio (FLOAT)" in refused.stderr and "--accept-lossy User" in refused.stderr
    assert project.report("backups", "list") == (0, [])
    code, made = project.report("backup", "--accept-lossy", "Other,User", BACKUP_ENGINE="mysqldump")
    assert code == 0 and made["proof"]["proven"]
    shown = project.run("backups", "show", made["id"])
    assert "`User`: mysqldump shortens FLOAT values: ratio (FLOAT); accepted" in shown.stdout
    code, told = project.report("backups", "show", made["id"])
    assert code == 0 and "BACKUP_ACCEPT_LOSSY" in told["notes"][0]
    project.add_migration(*GOOD)
    code, report = project.report("deploy", "--accept-lossy", "User", BACKUP_ENGINE="mysqldump")
    assert (code, report["outcome"]) == (0, "released"), report
