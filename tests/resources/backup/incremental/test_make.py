"""Incremental backups continue each other without a gap, or refuse and say to take a full one."""

from __future__ import annotations

import hashlib
import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from resources.backup.catalog import list_backups, load_manifest
from resources.backup.incremental.chain import chain_of
from resources.backup.incremental.make import make_incremental_backup
from resources.backup.incremental.stored import log_files
from resources.backup.make import make_full_backup
from resources.backup.manifest import BinlogSpan, Manifest
from resources.backup.standing import standing
from resources.backup.verify import verify_backup
from resources.errors import BackupCorruptError, ChainBrokenError, PrivilegeError
from resources.mysql.connection import execute, rows, value
from resources.mysql.gtid_set import GtidSet
from tests.resources.backup.conftest import leftovers

pytestmark = pytest.mark.slow


def ids(target) -> list[str]:
    return [one.id for one in list_backups(target.storage)]


def span(manifest: Manifest) -> BinlogSpan:
    assert manifest.span
    return manifest.span


def refused(target, *words: str) -> ChainBrokenError:
    """Nothing new is listed, nothing is left behind, and the advice is a full backup."""
    before = ids(target)
    with pytest.raises(ChainBrokenError) as error:
        make_incremental_backup(target)
    assert "dbsync backup " in error.value.hint
    for word in words:
        assert word in str(error.value), str(error.value)
    assert ids(target) == before and leftovers(target) == []
    return error.value


def test_increments_continue_each_other_and_hold_the_server_s_files_whole(shop, origin, sql, write):
    made = []
    for round_ in range(3):
        write(f"round {round_}")
        if round_ == 1:
            execute(sql, "FLUSH BINARY LOGS")  # a rotation in the middle
            write("after it")
        made.append(make_incremental_backup(shop))
    assert [one.parent for one in made] == [origin.full.id, made[0].id, made[1].id]
    assert all(one.id.endswith("-incr") and one.type == "incremental" for one in made)
    ends = [(origin.full.binlog_file, origin.full.binlog_position)]
    ends += [(one.binlog_file, one.binlog_position) for one in made]
    assert [(span(one).start_file, span(one).start_position) for one in made] == ends[:-1]
    assert [(span(one).end_file, span(one).end_position) for one in made] == ends[1:]
    assert len(made[1].files) == 2
    for manifest in made:
        for name, file in log_files(manifest).items():
            theirs = (origin.server.datadir / name).read_bytes()
            assert (file.length, file.sha256) == (len(theirs), hashlib.sha256(theirs).hexdigest())
    if made[0].gtid_executed:
        executed = str(value(sql, "SELECT @@gtid_executed")).replace("\n", "")
        assert GtidSet.parse(made[-1].gtid_executed) == GtidSet.parse(executed)
    assert verify_backup(shop, made[-1].id).proof.proven
    assert chain_of(shop.storage, made[-1].id).increments == tuple(
        load_manifest(shop.storage, one.id) for one in made
    )
    assert leftovers(shop) == []


def test_nothing_written_is_an_empty_increment(shop, write):
    write("x")
    make_incremental_backup(shop)
    empty = make_incremental_backup(shop)
    assert (span(empty).first_event_at, span(empty).last_event_at) == ("", "")
    assert " 0 transactions" in empty.proof.result
    assert verify_backup(shop, empty.id).proof.proven


def test_without_reload_the_open_file_is_stored_up_to_where_it_was(shop, origin, sql, write):
    with origin.server.connect() as admin:
        execute(admin, "CREATE USER IF NOT EXISTS 'plain'@'%' IDENTIFIED BY 'pw'")
        execute(admin, "GRANT ALL ON shop.* TO 'plain'@'%'")
        execute(admin, "GRANT REPLICATION CLIENT, REPLICATION SLAVE, PROCESS ON *.* TO 'plain'@'%'")
    plain = replace(shop, endpoint=replace(shop.endpoint, user="plain", password="pw"))
    last = str(rows(sql, "SHOW BINARY LOGS")[-1][0])
    write("one")
    first = make_incremental_backup(plain)
    write("two")
    second = make_incremental_backup(plain)
    assert str(rows(sql, "SHOW BINARY LOGS")[-1][0]) == last, "no file was begun"
    assert first.binlog_file == second.binlog_file == span(second).start_file == last
    assert 4 < first.binlog_position == span(second).start_position < second.binlog_position
    assert " 1 transaction " in second.proof.result
    assert any("RELOAD" in note for note in first.notes)
    third = make_incremental_backup(shop)  # with it again: the file is ended, and whole
    theirs = (origin.server.datadir / last).read_bytes()
    assert log_files(third)[last].sha256 == hashlib.sha256(theirs).hexdigest()
    assert verify_backup(shop, third.id).proof.proven


def test_without_replication_slave_it_is_refused_with_the_grant(shop, origin):
    with origin.server.connect() as admin:
        execute(admin, "CREATE USER IF NOT EXISTS 'less'@'%' IDENTIFIED BY 'pw'")
        execute(admin, "GRANT ALL ON shop.* TO 'less'@'%'")
        for grant in ("", "GRANT REPLICATION CLIENT ON *.* TO 'less'@'%'"):
            if grant:
                execute(admin, grant)
            less = replace(shop, endpoint=replace(shop.endpoint, user="less", password="pw"))
            with pytest.raises(PrivilegeError) as error:
                make_incremental_backup(less)
            assert "GRANT" in error.value.hint and "REPLICATION SLAVE" in error.value.hint
            assert ids(shop) == [origin.full.id] and leftovers(shop) == []


def test_no_full_backup_at_all_is_refused(shop, tmp_path):
    refused(replace(shop, storage=tmp_path / "empty"), "no full backup")
    refused(replace(shop, database="mysql"), "no full backup of `mysql`")


def test_another_server_is_refused(shop, make_server):
    other = make_server(tcp=True, variables={"log_bin": "ON"})
    with other.connect() as admin:
        execute(admin, "CREATE DATABASE shop")
    error = refused(replace(shop, endpoint=other.tcp_endpoint), "uuid changed")
    assert load_manifest(shop.storage, ids(shop)[0]).server_uuid in error.why


def rewrite(target, backup_id: str, **changes) -> None:
    manifest = replace(load_manifest(target.storage, backup_id), **changes)
    (target.storage / backup_id / "manifest.json").write_bytes(manifest.encode())


def test_an_unproven_parent_is_refused(shop, origin):
    rewrite(shop, origin.full.id, proof=replace(origin.full.proof, proven=False, result="never tried"))
    error = refused(shop, origin.full.id, "not proven", "never tried")
    assert f"dbsync backups verify {origin.full.id}" in error.hint


def test_a_parent_that_does_not_know_its_position_is_refused(shop, origin):
    rewrite(shop, origin.full.id, binlog_file="", binlog_position=0)
    refused(shop, "does not know where")


def test_a_removed_ancestor_is_refused_and_named(shop, origin, write):
    write("x")
    first = make_incremental_backup(shop)
    second = make_incremental_backup(shop)
    (shop.storage / first.id).rename(shop.storage / "elsewhere")
    refused(shop, first.id, second.id, "is gone")
    with pytest.raises(ChainBrokenError, match="is gone"):
        verify_backup(shop, second.id)


@pytest.mark.parametrize("origin", ["ON"], ids=["gtid"], indirect=True)
@pytest.mark.parametrize("how", ["flip", "truncate", "empty"])
@pytest.mark.parametrize("what", ["binlog", "manifest", "full"])
def test_a_damaged_parent_is_refused_naming_what_was_expected_and_what_is_there(
    shop, origin, write, how, what
):
    if what == "full" and how == "flip":
        pytest.skip("a full backup is read by `backups verify` only")
    write("some text")
    made = make_incremental_backup(shop)
    victim = origin.full.id if what == "full" else made.id
    name = {
        "binlog": f"files/{made.files[0].path}.zst",
        "manifest": "manifest.json",
        "full": f"files/{origin.full.files[0].path}.zst",
    }[what]
    path = shop.storage / victim / name
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes({"flip": data, "truncate": data[:-1], "empty": b""}[how])
    for work in (lambda: make_incremental_backup(shop), lambda: verify_backup(shop, made.id)):
        with pytest.raises(BackupCorruptError) as error:
            work()
        assert victim in error.value.what and name in error.value.what
        assert "actual" in error.value.why and ("expected" in error.value.why or what == "manifest")
    if what != "manifest":
        own = what == "binlog"
        assert standing(load_manifest(shop.storage, made.id)).failed == own, (
            "a damaged parent is not its fault"
        )
    with pytest.raises((BackupCorruptError, ChainBrokenError)) as error:
        make_incremental_backup(shop)
    assert error.value.hint.startswith("dbsync backup ")
    assert leftovers(shop) == []


def test_after_a_damaged_parent_the_advised_full_backup_begins_a_new_chain(shop, origin, write):
    write("some text")
    made = make_incremental_backup(shop)
    (shop.storage / made.id / "manifest.json").write_bytes(b"")
    full = make_full_backup(shop).manifest
    write("more")
    assert make_incremental_backup(shop).parent == full.id


def test_transactions_that_the_server_never_logged_are_a_gap(shop, origin, sql, write):
    if not origin.full.gtid_executed:
        pytest.skip("it takes GTIDs to see that")
    write("x")
    execute(sql, "SET GLOBAL gtid_purged = '+3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5'")
    refused(shop, "3e11fa47-71ca-11e1-9e33-c80aa9429562:1-5", "missing")


def test_a_file_that_is_gone_between_others_is_a_gap(shop, origin, sql, write, monkeypatch):
    from resources.backup.incremental import make

    write("x")
    execute(sql, "FLUSH BINARY LOGS")
    write("y")
    execute(sql, "FLUSH BINARY LOGS")
    real = make.look_ahead

    def without_one(*arguments):
        found = real(*arguments)
        del found.files[list(found.files)[-2]]
        return found

    monkeypatch.setattr(make, "look_ahead", without_one)
    refused(shop, "gap")


def test_purged_binary_logs_are_refused_until_there_is_a_full_backup(shop, origin, sql, write):
    write("lost")
    execute(sql, "FLUSH BINARY LOGS")
    write("kept")
    last = str(rows(sql, "SHOW BINARY LOGS")[-1][0])
    execute(sql, f"PURGE BINARY LOGS TO '{last}'")
    error = refused(shop, "has removed binary logs", origin.full.binlog_file, last)
    assert str(rows(sql, "SHOW BINARY LOGS")[-1][0]) == last, "a refusal changes nothing on the server"
    assert origin.full.id in error.what
    full = make_full_backup(shop).manifest
    write("after")
    made = make_incremental_backup(shop)
    assert made.parent == full.id and " 1 transaction " in made.proof.result


@pytest.mark.parametrize("grown", [False, True])
def test_a_binary_log_that_began_anew_is_refused(shop, origin, sql, write, grown):
    write("so that it ends behind a transaction")
    full = make_full_backup(shop).manifest
    while time.time() < datetime.fromisoformat(full.proof.at).timestamp() + 2.1:
        time.sleep(0.05)  # files are told apart by whole seconds
    version = str(value(sql, "SELECT VERSION()"))
    execute(sql, "RESET BINARY LOGS AND GTIDS" if version >= "8.2" else "RESET MASTER")
    if grown:  # to a file of the same name that is long enough
        number = int(Path(full.binlog_file).suffix[1:])
        for _ in range(number - 1):
            execute(sql, "FLUSH BINARY LOGS")
        while int(rows(sql, "SHOW BINARY LOGS")[-1][1]) <= full.binlog_position:
            write("x" * 500)
        assert str(rows(sql, "SHOW BINARY LOGS")[-1][0]) == full.binlog_file
    refused(shop, full.id)


def test_a_server_without_binary_log_is_refused(shop, make_server, tmp_path, tools):
    other = make_server(tcp=True)
    with other.connect() as admin:
        execute(admin, "CREATE DATABASE shop")
    silent = replace(shop, endpoint=other.tcp_endpoint, storage=tmp_path / "b")
    make_full_backup(silent)
    refused(silent, "log_bin is OFF")
