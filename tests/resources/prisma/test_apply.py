"""Applying: what Prisma does, and what is refused before any work."""

import os
from dataclasses import replace
from typing import Any

import pytest

from resources.errors import (
    HistoryError,
    LockBusyError,
    MigrationFailedError,
    MigrationsFolderError,
    NotBaselinedError,
    PrivilegeError,
)
from resources.mysql.connection import Connection, connect, execute, quoted, rows, value
from resources.mysql.server import PrivateServer
from resources.prisma.apply import apply_pending
from resources.prisma.checksum import checksum
from resources.prisma.failure import failure_of
from resources.prisma.folder import MAX_SCRIPT_BYTES, read_migrations
from resources.prisma.lock import MigrationLock
from resources.target import Target
from tests.resources.prisma.conftest import Apply, Write, history, tables

Journal = list[tuple[str, dict[str, Any]]]


def test_pending_migrations_are_applied_in_order_and_recorded(
    apply: Apply, write: Write, connection: Connection
) -> None:
    second = write("20240102000000_b", "ALTER TABLE a ADD COLUMN x INT")
    first = write("20240101000000_a", "CREATE TABLE a (id INT); DO SLEEP(0.2); INSERT INTO a VALUES (1);")
    result = apply()
    assert result.success
    assert result.applied_migrations == ["20240101000000_a", "20240102000000_b"]
    assert result.migration_id == "20240102000000_b"
    (_, slept, inserted), (altered,) = (result.statement_seconds[name] for name in result.applied_migrations)
    assert slept >= 0.2 and inserted + altered + slept < result.execution_time
    assert history(connection, "migration_name, checksum, applied_steps_count, logs, rolled_back_at") == [
        ("20240101000000_a", checksum(first.read_bytes()), 1, None, None),
        ("20240102000000_b", checksum(second.read_bytes()), 1, None, None),
    ]
    assert value(connection, "SELECT COUNT(*) FROM _prisma_migrations WHERE finished_at >= started_at") == 2
    assert rows(connection, "SELECT id, x FROM a") == [(1, None)]


def test_nothing_pending_makes_the_table_and_applies_nothing(apply: Apply, connection: Connection) -> None:
    result = apply()
    assert (result.success, result.applied_migrations, result.migration_id) == (True, [], None)
    assert tables(connection) == ["_prisma_migrations"]


def test_a_missing_database_is_made_as_prisma_makes_it(
    target: Target, write: Write, lock: MigrationLock
) -> None:
    write("1_a", "CREATE TABLE a (id INT)")
    absent = replace(target, database=target.database + "__absent")
    apply_pending(absent, lock, lambda phase, facts: None)
    with connect(target.endpoint, absent.database) as connection:
        assert rows(connection, "SELECT @@character_set_database, @@collation_database") == [
            ("utf8mb4", "utf8mb4_unicode_ci")
        ]
        assert tables(connection) == ["_prisma_migrations", "a"]


def test_p3005_a_database_with_tables_and_no_history(
    apply: Apply, write: Write, connection: Connection, journal: Journal
) -> None:
    write("1_a", "CREATE TABLE a (id INT)")
    execute(connection, "CREATE TABLE other (id INT)")
    with pytest.raises(NotBaselinedError, match="P3005"):
        apply()
    assert tables(connection) == ["other"]
    assert journal == []


def test_p3009_a_failed_migration_stops_everything(
    apply: Apply, write: Write, connection: Connection
) -> None:
    path = write("1_a", "CREATE TABLE a (id INT); OOPS")
    with pytest.raises(MigrationFailedError):
        apply()
    path.unlink()
    path.parent.rmdir()  # also without its folder
    write("2_b", "CREATE TABLE b (id INT)")
    with pytest.raises(HistoryError, match="P3009"):
        apply(accepted=frozenset({"1_a"}))
    assert tables(connection) == ["_prisma_migrations", "a"]
    assert len(history(connection)) == 1


def test_p3015_a_missing_script_is_refused_before_the_earlier_ones_run(
    target: Target, apply: Apply, write: Write, connection: Connection
) -> None:
    write("1_a", "CREATE TABLE a (id INT)")
    (target.migrations / "2_b").mkdir()
    with pytest.raises(MigrationsFolderError, match="P3015"):
        apply()
    assert tables(connection) == []


def test_p3019_a_foreign_provider_writes_nothing(
    target: Target, apply: Apply, connection: Connection
) -> None:
    (target.migrations / "migration_lock.toml").write_text('provider = "postgresql"\n')
    with pytest.raises(MigrationsFolderError, match="P3019"):
        apply()
    assert tables(connection) == []


def test_an_unclean_history_is_refused_also_without_the_gate(
    apply: Apply, write: Write, connection: Connection
) -> None:
    write("1_a", "CREATE TABLE a (id INT)")
    apply()
    write("1_a", "CREATE TABLE a (id BIGINT)")
    write("2_b", "CREATE TABLE b (id INT)")
    with pytest.raises(HistoryError, match="edited"):
        apply()
    assert "b" not in tables(connection)
    apply(accepted=frozenset({"1_a"}))
    assert "b" in tables(connection)


def test_the_bytes_that_were_judged_are_the_bytes_that_run(
    target: Target, write: Write, lock: MigrationLock, connection: Connection
) -> None:
    write("1_a", "CREATE TABLE judged (id INT)")
    files = read_migrations(target.migrations)
    write("1_a", "CREATE TABLE swapped (id INT)")
    apply_pending(target, lock, lambda phase, facts: None, files=files)
    assert tables(connection) == ["_prisma_migrations", "judged"]
    assert history(connection, "checksum") == [(files[0].checksum,)]


def test_a_failure_names_place_statement_message_and_state(
    target: Target, apply: Apply, write: Write, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    write("1_a", "CREATE TABLE a (id INT)")
    write(
        "2_b",
        "-- first\nCREATE TABLE b (id INT);\n\n-- AlterTable\nALTER TABLE absent ADD x INT;\nSELECT 1;\n",
    )
    monkeypatch.chdir(target.migrations.parent)
    with pytest.raises(MigrationFailedError) as caught:
        apply()
    error = caught.value
    assert error.what == "migration `2_b` failed at statement 2"
    assert error.where == "migrations/2_b/migration.sql:5"
    assert f"MySQL: (1146) Table '{target.database}.absent' doesn't exist" in error.why
    assert "statement 2: ALTER TABLE absent ADD x INT" in error.why
    assert "statement 1 had taken effect, this one had not, 1 more did not run" in error.why
    failure = failure_of(error)
    assert failure and failure.applied == ("1_a",)
    # The state is Prisma's after the same failure.
    assert tables(connection) == ["_prisma_migrations", "a", "b"]
    assert history(connection) == [("1_a", 1), ("2_b", 0)]


def test_the_journal_knows_a_migration_before_its_row_exists(
    target: Target, write: Write, lock: MigrationLock, connection: Connection
) -> None:
    write("1_a", "CREATE TABLE a (id INT)")
    seen: list[tuple[str, list[Any], Any]] = []

    def record(phase: str, facts: dict[str, Any]) -> None:
        finished = history(connection, "finished_at IS NOT NULL")
        alive = value(
            connection,
            "SELECT COUNT(*) FROM information_schema.processlist WHERE id = %s",
            (facts.get("thread_id"),),
        )
        seen.append((phase, finished, alive))

    apply_pending(target, lock, record)
    assert seen == [("migration_started", [], 1), ("migration_applied", [(1,)], 0)]


def test_an_open_transaction_at_the_end_of_a_script_is_committed(
    apply: Apply, write: Write, connection: Connection
) -> None:
    write("1_a", "CREATE TABLE a (id INT); START TRANSACTION; INSERT INTO a VALUES (1)")
    apply()
    assert rows(connection, "SELECT id FROM a") == [(1,)]


def test_a_script_that_moves_to_another_database_fails_as_in_prisma(
    apply: Apply, write: Write, connection: Connection
) -> None:
    write("1_a", "CREATE TABLE a (id INT); USE information_schema")
    with pytest.raises(MigrationFailedError) as error:
        apply()
    assert "switched to database 'information_schema'" in error.value.why
    assert history(connection) == [("1_a", 0)]


def test_a_script_larger_than_a_packet_is_refused_before_any_work(
    target: Target, make_server: Any, write: Write
) -> None:
    small = make_server(variables={"max_allowed_packet": "1048576"})
    with small.connect() as admin:
        execute(admin, "CREATE DATABASE d")
    elsewhere = replace(target, endpoint=small.endpoint, database="d")
    write("1_a", "CREATE TABLE a (id INT)")
    write("2_b", "-- " + "x" * 2**20)
    with MigrationLock(elsewhere, "test") as held:
        with pytest.raises(MigrationsFolderError, match="one packet") as error:
            apply_pending(elsewhere, held, lambda phase, facts: None)
    assert "max_allowed_packet" in error.value.hint
    with small.connect("d") as admin:
        assert tables(admin) == []


def test_a_200_mb_script_is_refused_before_any_work(
    target: Target, apply: Apply, write: Write, connection: Connection
) -> None:
    write("1_a", "CREATE TABLE a (id INT)")
    os.truncate(write("2_b", ""), 200 * 2**20)
    with pytest.raises(MigrationsFolderError, match=f"larger than {MAX_SCRIPT_BYTES:,}"):
        apply()
    assert tables(connection) == []


@pytest.mark.parametrize(
    ("content", "why"),
    [(b"INSERT INTO a VALUES ('\xe9')", "0xe9"), ("SELECT 1".encode("utf-16"), "UTF-16")],
)
def test_a_script_that_is_not_utf8_is_refused(
    apply: Apply, write: Write, connection: Connection, content: bytes, why: str
) -> None:
    write("1_a", content)
    with pytest.raises(MigrationsFolderError, match="not UTF-8") as error:
        apply()
    assert why in error.value.why
    assert error.value.where.endswith("migration.sql:1")
    assert tables(connection) == []


def test_a_nul_byte_goes_to_the_server_as_it_is(apply: Apply, write: Write, connection: Connection) -> None:
    write("1_a", b"CREATE TABLE a (id INT);\0")
    with pytest.raises(MigrationFailedError) as error:
        apply()
    assert "(1065) Query was empty" in error.value.why
    assert "\0" not in str(error.value)


def test_a_lost_lock_before_the_first_migration_changes_nothing(
    target: Target, lock: MigrationLock, write: Write, connection: Connection, server: PrivateServer
) -> None:
    write("1_a", "CREATE TABLE a (id INT)")
    with server.connect() as admin:
        execute(admin, f"KILL {lock.connection_id}")
    with pytest.raises(LockBusyError, match="lost"):
        apply_pending(target, lock, lambda phase, facts: None)
    assert tables(connection) == []


def test_a_lock_lost_between_migrations_stops_before_the_next(
    target: Target, lock: MigrationLock, write: Write, connection: Connection, server: PrivateServer
) -> None:
    write("1_a", "CREATE TABLE a (id INT)")
    write("2_b", "CREATE TABLE b (id INT)")

    def record(phase: str, facts: dict[str, Any]) -> None:
        if phase == "migration_applied":
            with server.connect() as admin:
                execute(admin, f"KILL {lock.connection_id}")

    with pytest.raises(MigrationFailedError, match="lock was lost before") as error:
        apply_pending(target, lock, record)
    failure = failure_of(error.value)
    assert failure and failure.applied == ("1_a",)
    assert history(connection) == [("1_a", 1)]
    assert "b" not in tables(connection)


def test_missing_privileges_are_said_with_the_grant(
    target: Target, write: Write, server: PrivateServer, connection: Connection
) -> None:
    write("1_a", "CREATE TABLE a (id INT)")
    user = f"u_{target.database[2:]}"
    with server.connect() as admin:
        execute(admin, f"CREATE USER {user}@'%' IDENTIFIED BY 'secret-word'")
        execute(admin, f"GRANT SELECT ON {quoted(target.database)}.* TO {user}@'%'")
    poor = replace(target, endpoint=replace(target.endpoint, user=user, password="secret-word"))
    try:
        with MigrationLock(poor, "test") as held, pytest.raises(PrivilegeError) as error:
            apply_pending(poor, held, lambda phase, facts: None)
    finally:
        with server.connect() as admin:
            execute(admin, f"DROP USER {user}@'%'")
    assert f"GRANT ALL ON `{target.database}`.*" in error.value.hint
    assert "secret-word" not in str(error.value)
    assert tables(connection) == []


def test_a_statement_may_take_longer_than_a_connect(
    target: Target, write: Write, lock: MigrationLock
) -> None:
    quick = replace(target, endpoint=replace(target.endpoint, connect_timeout=1))
    write("1_a", "DO SLEEP(1.5)")
    assert apply_pending(quick, lock, lambda phase, facts: None).applied_migrations == ["1_a"]


def test_a_database_in_capitals_on_a_server_without_them(
    target: Target, make_server: Any, write: Write
) -> None:
    server = make_server(init_variables={"lower_case_table_names": "1"})
    own = replace(target, endpoint=server.endpoint, database="Shop")
    write("1_a", "CREATE TABLE User (id INT)")
    with MigrationLock(own, "test") as held:
        assert apply_pending(own, held, lambda phase, facts: None).applied_migrations == ["1_a"]
        assert apply_pending(own, held, lambda phase, facts: None).applied_migrations == []
    with server.connect("shop") as admin:
        assert tables(admin) == ["_prisma_migrations", "user"]
