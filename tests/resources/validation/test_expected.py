from __future__ import annotations

import json
import time
from dataclasses import replace

import pytest

from resources.errors import MigrationFailedError
from resources.mysql.connection import execute, value
from resources.mysql.schema import read_schema
from resources.prisma.folder import read_migrations
from resources.prisma.history import CREATE_TABLE
from resources.validation.compare import compare
from resources.validation.expected import expected_schema, expected_schemas
from tests.resources.validation.conftest import SHOP, write_migration

WITH_BODIES = """
CREATE TABLE t (id INT PRIMARY KEY, n INT, at TIMESTAMP NOT NULL);
CREATE DEFINER = `app`@`%` TRIGGER trg BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.n = 1; SET @x = 2; END;
INSERT INTO t VALUES (1, 1, NOW());
CREATE PROCEDURE p() BEGIN SELECT 1; SELECT ';'; END;
CREATE VIEW v AS SELECT n FROM t WHERE id > 0;
CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1;
"""


def _replays(target):
    return sorted((target.state / "expected").glob("*.json"))


def test_the_replay_equals_what_the_same_scripts_made_on_the_target(target, deployed, connection):
    execute(connection, "CREATE USER IF NOT EXISTS app")
    execute(connection, "GRANT ALL ON *.* TO app")
    try:
        files = deployed(m1=SHOP, m2=WITH_BODIES, m3="ALTER TABLE `User` ADD COLUMN age INT;")
    finally:
        execute(connection, "DROP USER app")
    expected = expected_schema(target, files, connection)
    assert compare(expected, read_schema(connection, target.database)) == []
    assert list(expected.routines) == ["PROCEDURE p"]
    assert "age" in expected.tables["User"]


def test_prefixes_come_out_of_one_replay_and_are_kept(target, connection):
    for number in range(3):
        write_migration(target.migrations, f"m{number}", f"CREATE TABLE t{number} (id INT);")
    files = read_migrations(target.migrations)
    empty, one, three = expected_schemas(target, [[], files[:1], files], connection)
    assert [list(schema.tables) for schema in (empty, one, three)] == [[], ["t0"], ["t0", "t1", "t2"]]
    assert len(_replays(target)) == 3
    assert list((target.state / "replay").iterdir()) == []
    begun = time.monotonic()
    assert expected_schemas(target, [files, files[:1]], connection) == [three, one]
    assert time.monotonic() - begun < 0.5


def test_a_damaged_cache_entry_is_made_again(target, connection):
    write_migration(target.migrations, "m", "CREATE TABLE t (id INT);")
    files = read_migrations(target.migrations)
    good = expected_schema(target, files, connection)
    (entry,) = _replays(target)
    stored = json.loads(entry.read_text())
    stored["schema"]["tables"]["t"] = "CREATE TABLE `t` (`other` int)"
    entry.write_text(json.dumps(stored))
    assert expected_schema(target, files, connection) == good
    assert json.loads(entry.read_text())["schema"]["tables"] == dict(good.tables)


def test_a_script_that_fails_is_named_with_statement_and_message_and_leaves_nothing(target, connection):
    write_migration(target.migrations, "m1", "CREATE TABLE a (id INT);")
    write_migration(target.migrations, "m2", "CREATE TABLE b (id INT);\nCREATE TABLE a (id INT);\nSELECT 1;")
    with pytest.raises(MigrationFailedError) as caught:
        expected_schema(target, read_migrations(target.migrations), connection)
    assert "`m2`" in caught.value.what
    assert caught.value.where.endswith("m2/migration.sql:2")
    assert "(1050) Table 'a' already exists" in caught.value.why
    assert "statement 2: CREATE TABLE a (id INT)" in caught.value.why
    assert "the database itself was not touched" in caught.value.why
    assert list((target.state / "replay").iterdir()) == []
    assert not read_schema(connection, target.database).tables


def test_a_script_that_makes_prismas_own_table_fails_as_on_the_target(target, connection):
    write_migration(target.migrations, "m", CREATE_TABLE)
    with pytest.raises(MigrationFailedError, match="cannot run") as caught:
        expected_schema(target, read_migrations(target.migrations), connection)
    assert "(1050)" in caught.value.why


def test_settings_and_defaults_of_the_target_are_copied(target, server, connection, database):
    write_migration(
        target.migrations,
        "m",
        "CREATE TABLE t (at TIMESTAMP, name VARCHAR(5) DEFAULT '') ; SELECT @@sql_mode",
    )
    files = read_migrations(target.migrations)
    plain = expected_schema(target, files, connection)
    execute(connection, f"ALTER DATABASE `{database}` CHARACTER SET latin1 COLLATE latin1_bin")
    with server.connect() as admin:
        execute(admin, "SET GLOBAL explicit_defaults_for_timestamp = 0")
        try:
            other = expected_schema(target, files, connection)
        finally:
            execute(admin, "SET GLOBAL explicit_defaults_for_timestamp = 1")
    assert "latin1_bin" in other.tables["t"]
    assert "latin1_bin" not in plain.tables["t"]
    assert "ON UPDATE CURRENT_TIMESTAMP" in other.tables["t"]
    assert "ON UPDATE CURRENT_TIMESTAMP" not in plain.tables["t"]


def test_a_database_that_does_not_exist_yet_is_made_as_prisma_would(target, connection):
    absent = replace(target, database=f"{target.database}_absent")
    write_migration(target.migrations, "m", "CREATE TABLE t (name VARCHAR(5));")
    expected = expected_schema(absent, read_migrations(target.migrations), connection)
    assert "COLLATE=utf8mb4_unicode_ci" in expected.tables["t"]
    assert (
        value(
            connection,
            "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = %s",
            (absent.database,),
        )
        == 0
    )


@pytest.mark.slow
def test_case_folding_servers_are_replayed_on_a_folding_server(target, make_server):
    folding = make_server(init_variables={"lower_case_table_names": "1"})
    write_migration(target.migrations, "m", "CREATE TABLE `User` (id INT); ALTER TABLE `user` ADD n INT;")
    with folding.connect() as admin:
        execute(admin, f"CREATE DATABASE `{target.database}`")
        expected = expected_schema(target, read_migrations(target.migrations), admin)
    assert list(expected.tables) == ["user"]


def test_a_replay_that_was_killed_is_cleared_away_by_the_next(target, connection):
    abandoned = target.state / "replay" / "999999999-x"
    abandoned.mkdir(parents=True)
    (abandoned / "data").write_text("left behind")
    expected_schema(target, [], connection)
    assert list((target.state / "replay").iterdir()) == []


def test_databases_of_one_history_share_a_replay_unless_a_script_names_its_database(target, connection):
    other = replace(target, database=f"{target.database}__other")
    execute(connection, f"CREATE DATABASE `{other.database}`")
    write_migration(target.migrations, "m1", "CREATE TABLE t (id INT);")
    files = read_migrations(target.migrations)
    assert expected_schema(target, files, connection) == expected_schema(other, files, connection)
    assert len(_replays(target)) == 1
    write_migration(target.migrations, "m2", f"CREATE TABLE `{target.database}`.named (id INT);")
    files = read_migrations(target.migrations)
    assert "named" in expected_schema(target, files, connection).tables
    with pytest.raises(MigrationFailedError, match="m2"):
        expected_schema(other, files, connection)


def test_only_a_script_that_misses_something_is_told_of_what_no_migration_makes(target, connection):
    for name, script, told in (
        ("m1", "ALTER TABLE a ADD COLUM b INT", False),
        ("m2", "CREATE TABLE a (id INT); CREATE TABLE a (id INT)", False),
        ("m3", "ALTER TABLE a ADD COLUMN b INT", True),
    ):
        write_migration(target.migrations, name, script)
        file = next(file for file in read_migrations(target.migrations) if file.name == name)
        with pytest.raises(MigrationFailedError) as caught:
            expected_schema(target, [file], connection)
        assert ("0_baseline" in caught.value.hint) is told, caught.value.hint
