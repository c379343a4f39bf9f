"""Backups by CLONE, on the real server."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.catalog import list_backups, load_manifest
from resources.backup.make import make_full_backup
from resources.backup.open import open_backup
from resources.backup.verify import verify_backup
from resources.errors import BackupFailedError, NoSuchDatabaseError
from resources.mysql.connection import connect, execute, quoted, rows, value
from tests.resources.backup.conftest import leftovers, run_file, world

pytestmark = pytest.mark.slow


def test_everything_comes_back_equal_and_the_manifest_says_where_it_was(lossy, connection, said, tmp_path):
    run_file(connection, Path(__file__).with_name("typed.sql"))
    was = world(lossy.endpoint, lossy.database)
    position = rows(connection, "SHOW BINARY LOG STATUS")[0]
    made = make_full_backup(lossy)
    manifest = made.manifest
    assert manifest.engine == "clone" and any("clone" in line for line in said.lines)
    assert manifest.proof.proven and f"{len(was.digests)} tables" in manifest.proof.result
    assert manifest.tables == was.digests
    assert manifest.schema.as_dict() == was.schema
    assert (manifest.binlog_file, manifest.binlog_position) == (position[0], position[1])
    assert manifest.gtid_executed == position[4].replace("\n", "")
    assert manifest.server_uuid == value(connection, "SELECT @@server_uuid")
    assert manifest.size == sum(
        path.stat().st_size for path in Path(manifest.file_path, "files").rglob("*") if path.is_file()
    )
    assert load_manifest(lossy.storage, manifest.id) == manifest
    assert made.server is None and leftovers(lossy) == []

    execute(connection, "DELETE FROM child")
    opened = open_backup(lossy, manifest.id, tmp_path / "opened")
    try:
        assert world(opened.endpoint, lossy.database) == was
        with opened.connect() as copy:
            assert value(copy, "SELECT @@skip_networking") == 1
            assert value(copy, "SELECT @@event_scheduler") in ("OFF", "DISABLED")
    finally:
        opened.discard()


def test_the_archive_holds_no_keys_and_no_identity(awkward):
    manifest = make_full_backup(awkward).manifest
    names = [Path(file.path).name for file in manifest.files]
    assert not [name for name in names if name.endswith(".pem") or name in ("auto.cnf", "mysqld-auto.cnf")]
    for path in [Path(manifest.file_path), *Path(manifest.file_path).rglob("*")]:
        assert path.stat().st_mode & 0o077 == 0, path
    stored = (Path(manifest.file_path) / "manifest.json").read_text()
    assert awkward.endpoint.password not in stored


def test_the_kept_copy_is_the_state_before_and_ends_with_close(awkward, connection):
    was = world(awkward.endpoint, awkward.database)
    made = make_full_backup(awkward, keep_server=True)
    assert made.server is not None
    folder = made.server.folder
    execute(connection, "DROP TABLE child")
    assert world(made.server.endpoint, awkward.database) == was
    made.close()
    made.close()
    assert not folder.exists() and leftovers(awkward) == []
    verified = verify_backup(awkward, made.manifest.id)
    assert verified.proof.proven and verified.proof.at > made.manifest.proof.at
    assert leftovers(awkward) == []


def test_rows_written_during_the_clone_are_whole_in_the_archive(target, connection, server, said):
    execute(connection, "CREATE TABLE busy (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, a INT, b INT)")
    execute(connection, "CREATE TABLE pad (id INT NOT NULL PRIMARY KEY, body BLOB)")
    execute(
        connection,
        "INSERT INTO pad WITH RECURSIVE k (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM k WHERE n < 900)"
        " SELECT n, REPEAT('x', 60000) FROM k",
    )
    stop = threading.Event()

    def write() -> None:
        with connect(target.endpoint, target.database) as mine:
            number = 0
            while not stop.is_set():
                number += 1
                execute(mine, "INSERT INTO busy (a, b) VALUES (%s, %s)", (number, -number))
                execute(
                    mine,
                    "UPDATE pad SET body = REPEAT(CHAR(65 + %s), 60000) WHERE id = %s",
                    (number % 26, number % 900),
                )

    writer = threading.Thread(target=write)
    writer.start()
    try:
        manifest = make_full_backup(target).manifest
    finally:
        stop.set()
        writer.join()
    assert manifest.tables["busy"].rows > 0
    assert any("storing them once more" in line for line in said.lines), "the large table was written to"
    verified = verify_backup(target, manifest.id)
    assert verified.tables == manifest.tables
    events = rows(
        connection, f"SHOW BINLOG EVENTS IN '{manifest.binlog_file}' FROM {manifest.binlog_position} LIMIT 1"
    )
    assert events, "the position is one at which an event begins"


def test_an_empty_database_is_backed_up_too(target, tmp_path):
    manifest = make_full_backup(target).manifest
    assert manifest.tables == {} and manifest.schema_version == "empty"
    opened = open_backup(target, manifest.id, tmp_path / "opened")
    try:
        with opened.connect() as copy:
            assert rows(copy, f"SHOW DATABASES LIKE '{target.database}'")
    finally:
        opened.discard()


def test_a_database_that_is_not_there_leaves_nothing_behind(target):
    with pytest.raises(NoSuchDatabaseError):
        make_full_backup(replace(target, database="nowhere"))
    assert list_backups(target.storage) == [] and leftovers(target) == []


def test_an_ansi_quotes_server_gives_the_same_texts(awkward, server):
    was = world(awkward.endpoint, awkward.database)
    with server.connect() as admin:
        before = value(admin, "SELECT @@GLOBAL.sql_mode")
        execute(admin, "SET GLOBAL sql_mode = CONCAT(@@GLOBAL.sql_mode, ',ANSI_QUOTES')")
        try:
            manifest = make_full_backup(awkward).manifest
        finally:
            execute(admin, "SET GLOBAL sql_mode = %s", (before,))
    assert manifest.schema.as_dict() == was.schema
    assert "ANSI_QUOTES" in manifest.server_variables["sql_mode"]


def test_a_table_of_another_engine_is_never_lost_silently(target, connection, said):
    execute(connection, "CREATE TABLE old (id INT) ENGINE=MyISAM")
    execute(connection, "INSERT INTO old VALUES (1), (2)")
    with pytest.raises(BackupFailedError, match="cannot be cloned") as error:
        make_full_backup(replace(target, backup_engine="clone"))
    assert "`old` (MyISAM)" in error.value.why
    manifest = make_full_backup(target).manifest
    assert manifest.engine == "mysqldump" and "MyISAM" in manifest.engine_reason
    assert manifest.tables["old"].rows == 2
    assert any("MyISAM" in line for line in said.lines)


def test_an_account_without_backup_admin_falls_back_and_says_so(awkward, server, said):
    with server.connect() as admin:
        execute(admin, "CREATE USER 'weak'@'%' IDENTIFIED BY 'pw-of-weak'")
        execute(admin, f"GRANT ALL ON {quoted(awkward.database)}.* TO 'weak'@'%'")
        execute(admin, "GRANT PROCESS, SHOW_ROUTINE ON *.* TO 'weak'@'%'")
    weak = replace(awkward, endpoint=replace(awkward.endpoint, user="weak", password="pw-of-weak"))
    try:
        manifest = make_full_backup(weak).manifest
        assert manifest.engine == "mysqldump" and "BACKUP_ADMIN" in manifest.engine_reason
        with pytest.raises(BackupFailedError, match="cannot be cloned"):
            make_full_backup(replace(weak, backup_engine="clone"))
    finally:
        with server.connect() as admin:
            execute(admin, "DROP USER 'weak'@'%'")
    assert leftovers(awkward) == []
