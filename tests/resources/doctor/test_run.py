from __future__ import annotations

import os
from dataclasses import replace

import pytest

from resources.doctor.check import CHECKS
from resources.doctor.run import run_doctor
from resources.doctor.versions import clone_fits, dump_fits
from resources.mysql.connection import connect, execute, value
from resources.mysql.server_variables import LASTING


def _by_name(target):
    found = run_doctor(target)
    return {finding.name: finding for finding in found}


def test_a_good_target_has_no_failure_and_nothing_is_left_behind(target, tmp_path):
    findings = run_doctor(target)
    assert [(one.name, one.detail) for one in findings if one.status == "fail"] == []
    assert {one.name for one in findings} >= {"connection", "privileges", "clone: plugin", "disk: space"}
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_findings_come_in_the_order_of_the_checks_names(target):
    names = [one.name for one in run_doctor(target)]
    assert names[0] == "connection"
    ran = [name for name in names if name in CHECKS]
    assert ran == sorted(ran)


def test_everything_wrong_is_reported_at_once_when_the_server_cannot_be_reached(target, tmp_path):
    (tmp_path / "file").write_text("")
    wrong = replace(
        target,
        endpoint=replace(target.endpoint, password="wrong-password"),
        storage=tmp_path / "file",
        webhook="ftp://somewhere/token-abc",
        mysqld=tmp_path / "no-mysqld",
    )
    found = _by_name(wrong)
    assert {name for name, one in found.items() if one.status == "fail"} == {
        "connection",
        "disk: storage",
        "webhook",
        "machine: mysql",
    }
    assert found["privileges"].status == "skip"
    text = str([one.as_dict() for one in found.values()])
    assert "wrong-password" not in text and "token-abc" not in text


def test_each_wrong_server_setting_is_named_with_the_statement_that_corrects_it(make_server, target):
    server = make_server(
        tcp=True,
        variables={
            **LASTING,
            "binlog_row_image": "MINIMAL",
            "binlog_row_metadata": "MINIMAL",
            "binlog_format": "STATEMENT",
        },
    )
    with server.connect() as admin:
        execute(admin, "CREATE DATABASE shop")
        execute(admin, "CREATE TABLE shop.old (i INT) ENGINE = MyISAM")
    there = replace(target, endpoint=server.tcp_endpoint, database="shop")
    fixes = [
        line
        for one in run_doctor(there)
        if one.name.startswith("server:") and one.status == "warn"
        for line in (one.fix or "").splitlines()
    ]
    assert sorted(fixes) == [
        "SET PERSIST binlog_format = ROW;",
        "SET PERSIST binlog_row_image = FULL;",
        "SET PERSIST binlog_row_metadata = FULL;",
    ]
    with server.connect() as admin:
        for fix in fixes:
            execute(admin, fix)
    after = _by_name(there)
    assert after["server: binary log"].status == after["server: binary log column names"].status == "ok"
    assert "old (MyISAM)" in after["clone: storage engines"].detail


def test_a_server_without_the_clone_plugin_gets_the_command_that_installs_it(make_server, target):
    server = make_server(tcp=True)
    with server.connect() as admin:
        execute(admin, "UNINSTALL PLUGIN clone")
        execute(admin, "CREATE DATABASE shop")
    there = replace(target, endpoint=server.tcp_endpoint, database="shop")
    found = _by_name(there)["clone: plugin"]
    assert found.status == "warn" and found.fix is not None
    assert _by_name(replace(there, backup_engine="clone"))["clone: plugin"].status == "fail"
    with server.connect() as admin:
        execute(admin, found.fix)
    assert _by_name(there)["clone: plugin"].status == "ok"


def test_a_read_only_server_is_a_failure(make_server, target):
    server = make_server(tcp=True)
    with server.connect() as admin:
        execute(admin, "CREATE DATABASE shop")
        execute(admin, "SET GLOBAL super_read_only = ON")
    found = _by_name(replace(target, endpoint=server.tcp_endpoint, database="shop"))
    assert found["server: writable"].status == "fail"


def test_triggers_of_other_accounts_and_error_1419_are_foreseen(server, database, target):
    with server.connect() as admin:
        execute(admin, f"CREATE TABLE `{database}`.t (i INT)")
        execute(
            admin, f"CREATE TRIGGER `{database}`.tr BEFORE INSERT ON `{database}`.t FOR EACH ROW SET @a = 1"
        )
        execute(admin, "CREATE USER app_1419 IDENTIFIED BY 'secret-pw-1'")
        execute(admin, f"GRANT ALL ON `{database}`.* TO app_1419")
    endpoint = replace(target.endpoint, user="app_1419", password="secret-pw-1")
    try:
        found = _by_name(replace(target, endpoint=endpoint))
        assert "trigger tr" in found["privileges: definers"].detail
        assert found["privileges: triggers and functions"].status == "fail"
        with connect(endpoint, database) as session, pytest.raises(Exception, match="1419"):
            execute(session, "CREATE TRIGGER tr2 BEFORE INSERT ON t FOR EACH ROW SET @a = 1")
        with server.connect() as admin:
            execute(admin, (found["privileges: definers"].fix or "").rstrip(";"))
        assert _by_name(replace(target, endpoint=endpoint))["privileges: definers"].status == "ok"
    finally:
        with server.connect() as admin:
            execute(admin, "DROP USER app_1419")


@pytest.mark.parametrize(
    ("server", "here", "clone", "dump"),
    [
        ("8.0.36", "8.0.36", True, True),
        ("8.0.36", "8.0.40", False, True),
        ("8.4.2-log", "8.4.5", True, True),
        ("9.7.4-2", "9.7.4", True, True),
        ("8.4.5", "9.7.4", False, True),
        ("9.7.4", "8.0.40", False, False),
    ],
)
def test_which_versions_fit(server, here, clone, dump):
    assert (clone_fits(server, here), dump_fits(server, here)) == (clone, dump)


def test_a_database_that_is_not_there_is_pointed_out_since_a_deployment_would_make_it(target):
    there = replace(target, database="a_slip_of_the_keyboard")
    found = _by_name(there)["server: database"]
    assert found.status == "warn" and "a_slip_of_the_keyboard" in found.detail
    assert _by_name(target)["server: database"].status == "ok"


def test_a_wrong_migrations_folder_is_found_with_the_servers_problems(target):
    (target.migrations / "migration_lock.toml").write_text('provider = "postgresql"\n')
    found = _by_name(target)
    assert found["project: migrations"].status == "fail"
    assert "migration_lock.toml" in found["project: migrations"].detail


def test_everything_wrong_with_the_migrations_folder_is_named_at_once(target):
    folder = target.migrations
    (folder / "migration_lock.toml").write_text('provider = "postgresql"\n')
    for name in ("1_fifo", "2_empty", "3_gone", "4_good"):
        (folder / name).mkdir()
    os.mkfifo(folder / "1_fifo" / "migration.sql")
    (folder / "4_good" / "migration.sql").write_text("SELECT 1;")
    (folder / "5_link").symlink_to(folder / "4_good")
    (folder / "notes.txt").write_text("")
    accepting = replace(target, policy=replace(target.policy, accepted=frozenset({"3_gone"})))
    found = [one for one in run_doctor(accepting) if one.name == "project: migrations"]
    words = ["lock.toml", "FIFO", "2_empty", "3_gone", "5_link"]
    assert [word for word, one in zip(words, found, strict=True) if word in one.detail] == words
    assert [one.status for one in found] == ["fail", "fail", "fail", "warn", "fail"]
    assert all(one.fix for one in found)


def test_a_check_that_breaks_hides_nothing_of_the_others(target, monkeypatch):
    def broken(patient):
        raise ValueError("of all things")

    monkeypatch.setitem(CHECKS, "machine: git", replace(CHECKS["machine: git"], run=broken))
    found = _by_name(target)
    assert found["machine: git"].status == "fail" and "of all things" in found["machine: git"].detail
    assert found["webhook"].status == "ok" and found["server: version"].status == "ok"


def test_an_old_backup_and_a_short_storage_are_warnings_with_a_fix(target, connection):
    from tests.resources.backup.test_index import put

    found = _by_name(target)
    assert found["backups: age"].status == "warn" and found["backups: age"].fix == "dbsync backup"
    assert found["backups: headroom"].status == "ok"
    more = {"database": target.database, "server_uuid": value(connection, "SELECT @@server_uuid")}
    put(target.storage, 1, timestamp="2020-01-01T00:00:00.000Z", size=1 << 50, **more)
    found = _by_name(target)
    assert "BACKUP_MAX_AGE is 1 d 2 h" in found["backups: age"].detail
    assert found["backups: catalog"].status == "warn" and found["backups: catalog"].fix == (
        "dbsync backups reindex"
    )
    assert found["backups: headroom"].status == "warn" and "no room" in found["backups: headroom"].detail
    assert [path.name for path in target.storage.iterdir()] == ["20261123T120000Z-0001-full"], "it only looks"
