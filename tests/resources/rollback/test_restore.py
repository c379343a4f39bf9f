"""`restore` puts a backup back into the target that is named, and keeps what it replaces."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.incremental.make import make_incremental_backup
from resources.backup.make import make_full_backup
from resources.backup.moment.moment import parse_moment
from resources.backup.standing import record_proof, standing
from resources.errors import (
    BackupCorruptError,
    RestoreFailedError,
    TargetMismatchError,
    UnprovenBackupError,
)
from resources.mysql.connection import execute, rows, value
from resources.rollback import put_back
from resources.rollback.restore import restore_backup
from resources.rollback.restore_checks import command
from resources.rollback.side import leftovers
from resources.rollback.wish import Wish

pytestmark = pytest.mark.slow

LATER = (
    "ALTER TABLE item DROP COLUMN doc",
    "DELETE FROM child WHERE id = 2",
    "CREATE TABLE later (id INT PRIMARY KEY)",
    "DROP VIEW above",
)


@pytest.fixture
def backup_id(shop, target) -> str:
    return make_full_backup(target).manifest.id


def test_the_backup_is_back_and_what_it_replaced_is_kept(shop, target, world, backup_id):
    before = world()
    for statement in LATER:
        execute(shop, statement)
    result = restore_backup(target, backup_id, Wish(accept_loss=True))
    assert world() == before
    assert leftovers(shop, target.database) == [result.aside]
    kept = {name for (name,) in rows(shop, f"SHOW TABLES FROM `{result.aside}`")}
    assert {"later", "item", "child"} <= kept
    assert value(shop, f"SELECT COUNT(*) FROM `{result.aside}`.child") == 1
    assert result.as_dict()["drop_it_with"] == "dbsync restore finish"
    assert list((target.state / "servers").iterdir()) == []


def test_a_dump_is_restored_too(shop, target, world):
    execute(shop, "UPDATE item SET doc = '[1, \"x\"]', price = 1.5")
    # Written out although it is the table's own: the one thing that a dump's text forgets.
    execute(shop, "ALTER TABLE audit DROP COLUMN said")
    before = world()
    made = make_full_backup(replace(target, backup_engine="mysqldump"))
    for statement in LATER:
        execute(shop, statement)
    restore_backup(target, made.manifest.id, Wish(accept_loss=True))
    assert world() == before


def test_one_that_failed_its_newest_proof_needs_a_word_and_an_older_one_is_named(
    shop, target, world, backup_id
):
    failed = make_full_backup(target).manifest
    record_proof(Path(failed.file_path), replace(failed.proof, proven=False, result="FAILED: x"))
    backed_up = world()
    execute(shop, LATER[1])
    changed = world()
    with pytest.raises(UnprovenBackupError) as error:
        restore_backup(target, failed.id)
    assert backup_id in error.value.hint and "FAILED: x" in error.value.why
    assert world() == changed and leftovers(shop, target.database) == []
    restore_backup(target, failed.id, Wish(accept_failed_proof=True, accept_loss=True))
    assert world() == backed_up


def test_an_increment_of_a_full_backup_that_failed_its_newest_proof_needs_the_word_too(shop, target, world):
    full = make_full_backup(target).manifest
    execute(shop, LATER[1])
    increment = make_incremental_backup(target)
    assert standing(increment).proven
    record_proof(Path(full.file_path), replace(full.proof, proven=False, result="FAILED: x"))
    backed_up, into = world(), f"{target.database}__back"
    with pytest.raises(UnprovenBackupError) as error:
        restore_backup(target, increment.id, Wish(into=into))
    assert full.id in error.value.what and "FAILED: x" in error.value.why
    assert (
        value(shop, "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = %s", (into,)) == 0
    )
    assert world() == backed_up and leftovers(shop, target.database) == []
    assert list((target.state / "servers").iterdir()) == []
    restore_backup(target, increment.id, Wish(into=into, accept_failed_proof=True))
    assert value(shop, f"SELECT COUNT(*) FROM `{into}`.child") == 1


def test_one_that_was_never_proven_is_restored_and_said_so(shop, target, world):
    made = make_full_backup(target, proof="none").manifest
    before = world()
    execute(shop, LATER[1])
    restore_backup(target, made.id, Wish(accept_loss=True))
    assert world() == before


def test_another_database_needs_the_targets_name_typed(shop, target, server, backup_id):
    other = replace(target, database=f"{target.database}__other")
    execute(shop, f"CREATE DATABASE `{other.database}`")
    for confirm in (None, target.name):
        with pytest.raises(TargetMismatchError) as refused:
            restore_backup(other, backup_id, Wish(confirm_target=confirm, tables=("item", "old")))
        again = f"dbsync restore {backup_id} --tables item,old --confirm-target {other.name}"
        assert again in refused.value.hint, "what is typed next restores no more than was meant"
    assert not rows(shop, f"SHOW TABLES FROM `{other.database}`")
    wish = Wish(tables=("item", "odd name"), moment=parse_moment("latest"), accept_loss=True)
    for confirm in (None, target.name):
        with pytest.raises(TargetMismatchError) as refused:
            restore_backup(other, backup_id, replace(wish, confirm_target=confirm))
        # Without one of them it would be the whole database, or another moment.
        typed = shlex.split(refused.value.hint[refused.value.hint.index("dbsync") :])
        assert typed[:3] == ["dbsync", "restore", backup_id]
        assert typed[3:] == replace(wish, confirm_target=other.name).as_options()
    restore_backup(other, backup_id, Wish(confirm_target=other.name))
    assert value(shop, f"SELECT COUNT(*) FROM `{other.database}`.item") == 2


def test_a_damaged_backup_touches_nothing(shop, target, world, backup_id):
    for statement in LATER:
        execute(shop, statement)
    before = world()
    file = max((target.storage / backup_id / "files").rglob("*.zst"), key=lambda path: path.stat().st_size)
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.chmod(0o600)
    file.write_bytes(data)
    with pytest.raises(BackupCorruptError):
        restore_backup(target, backup_id, Wish(accept_loss=True))
    assert world() == before
    assert leftovers(shop, target.database) == []


def test_a_restore_that_fails_says_the_state_and_can_be_typed_again(
    shop, target, world, backup_id, monkeypatch
):
    before = world()
    for statement in LATER:
        execute(shop, statement)

    def broken(*arguments: object) -> None:
        raise OSError("cut off")

    monkeypatch.setattr(put_back, "equalise", broken)
    wish = Wish(
        confirm_target=target.name, accept_failed_proof=True, accept_loss=True, accept_missing_definers=True
    )
    with pytest.raises(RestoreFailedError, match="cut off") as failed:
        restore_backup(target, backup_id, wish)
    assert failed.value.hint.startswith(command(backup_id, wish))
    given = {f"--confirm-target {target.name}", "--accept-failed-proof", "--accept-loss"}
    assert all(one in failed.value.hint for one in given | {"--accept-missing-definers"})
    assert "DATA STATE: the backup's tables are in place" in failed.value.why
    monkeypatch.undo()
    first_aside = leftovers(shop, target.database)
    result = restore_backup(target, backup_id, Wish(accept_loss=True))
    assert world() == before
    originals = [name for name in first_aside if "__dbsync_aside_" in name]
    assert rows(shop, f"SHOW TABLES FROM `{originals[0]}` LIKE 'later'"), "the original state is still there"
    assert result.aside not in originals
