"""A dry run refuses what the restore itself would refuse, in the same words, and changes nothing."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.make import make_full_backup
from resources.backup.moment.moment import parse_moment
from resources.backup.standing import record_proof
from resources.errors import (
    ConfirmationError,
    DbsyncError,
    TargetMismatchError,
    UnprovenBackupError,
    UsageError,
)
from resources.mysql.connection import execute
from resources.rollback.restore import preview_restore, restore_backup
from resources.rollback.side import leftovers
from resources.rollback.wish import Wish

pytestmark = pytest.mark.slow


@pytest.fixture
def backup_id(shop, target) -> str:
    return make_full_backup(target).manifest.id


def refused_by_both(target, backup_id: str, wish: Wish, kind: type[DbsyncError]) -> DbsyncError:
    with pytest.raises(kind) as real:
        restore_backup(target, backup_id, wish)
    with pytest.raises(kind) as dry:
        preview_restore(target, backup_id, replace(wish, dry_run=True))
    assert (dry.value.what, dry.value.why) == (real.value.what, real.value.why)
    return dry.value


def test_what_the_restore_refuses_its_dry_run_refuses(shop, target, world, backup_id):
    before = world()
    refused_by_both(target, backup_id, Wish(tables=("item", "bogus")), UsageError)
    refused_by_both(target, backup_id, Wish(into="mysql"), UsageError)
    refused_by_both(target, backup_id, Wish(confirm_target="shop@elsewhere:1"), TargetMismatchError)
    other = f"{target.database}_there"
    execute(shop, f"CREATE DATABASE `{other}`")
    try:
        preview_restore(target, backup_id, Wish(into=other, dry_run=True))
        execute(shop, f"CREATE TABLE `{other}`.mine (id INT)")
        refused_by_both(target, backup_id, Wish(into=other), ConfirmationError)
        elsewhere = replace(target, database=other)
        error = refused_by_both(elsewhere, backup_id, Wish(tables=("item",)), TargetMismatchError)
        # Typed without its end, the hint would be the restore itself.
        assert error.hint.endswith(f"--tables item --confirm-target {elsewhere.name} --dry-run")
        preview_restore(elsewhere, backup_id, Wish(confirm_target=elsewhere.name, dry_run=True))
    finally:
        execute(shop, f"DROP DATABASE `{other}`")
    assert world() == before and leftovers(shop, target.database) == []


def test_a_failed_proof_is_refused_too(shop, target, backup_id):
    made = make_full_backup(target).manifest
    record_proof(Path(made.file_path), replace(made.proof, proven=False, result="FAILED: x"))
    refused_by_both(target, made.id, Wish(), UnprovenBackupError)
    preview_restore(target, made.id, Wish(accept_failed_proof=True, dry_run=True))


def test_tables_are_found_in_any_case_and_one_that_is_made_later_is_noted(shop, target, backup_id):
    execute(shop, "DELETE FROM child")
    execute(shop, "CREATE TABLE later (id INT PRIMARY KEY)")
    assert list(preview_restore(target, backup_id, Wish(tables=("CHILD",))).lost.rows) == ["child"]
    latest = preview_restore(target, backup_id, Wish(tables=("later",), moment=parse_moment("latest")))
    assert any("`later`" in note for note in latest.plan.notes)


def test_while_the_target_is_down_it_tells_what_is_stored_and_notes_what_it_did_not_look_at(
    shop, target, backup_id
):
    gone = replace(target, endpoint=replace(target.endpoint, port=1, socket=None))
    preview = preview_restore(gone, backup_id, Wish(dry_run=True))
    assert preview.plan.base.id == backup_id
    assert any("was not looked at" in note for note in preview.plan.notes)
    with pytest.raises(UsageError, match="--into"):
        preview_restore(gone, backup_id, Wish(into="mysql", dry_run=True))
