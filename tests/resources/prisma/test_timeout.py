"""MIGRATION_TIMEOUT, enforced on the server."""

import time
from typing import Any

import pytest

from resources.errors import MigrationTimeoutError
from resources.mysql.connection import Connection, rows, value
from resources.prisma import timeout
from resources.prisma.failure import failure_of
from tests.resources.prisma.conftest import Apply, Write, history, tables

LONG = (
    "INSERT INTO b WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
    " SELECT COUNT(*) FROM n x, n y, n z"
)


def running(connection: Connection, journal: list[tuple[str, dict[str, Any]]]) -> int:
    thread = journal[-1][1]["thread_id"]
    # A closed connection stays listed for a moment; executing it must not be.
    sql = "SELECT COUNT(*) FROM information_schema.processlist WHERE id = %s AND command = 'Query'"
    return value(connection, sql, (thread,))


def test_a_long_statement_is_killed_on_the_server(
    apply: Apply, write: Write, connection: Connection, journal: list[tuple[str, dict[str, Any]]]
) -> None:
    write("1_a", "CREATE TABLE a (id INT)")
    write("2_b", f"CREATE TABLE b (id INT);\nINSERT INTO b VALUES (1);\n{LONG};\nSELECT 1;")
    began = time.monotonic()
    with pytest.raises(MigrationTimeoutError) as error:
        apply(migration_timeout=1.5)
    assert time.monotonic() - began < 4
    assert error.value.what == "MIGRATION_TIMEOUT (1.5 s): migration `2_b` was stopped at statement 3"
    assert error.value.where.endswith("2_b/migration.sql:3")
    assert "statements 1 to 2 had taken effect" in error.value.why
    failure = failure_of(error.value)
    assert failure and (failure.mysql_code, failure.outcome, failure.applied) == (1317, "failed", ("1_a",))
    assert running(connection, journal) == 0
    assert history(connection) == [("1_a", 1), ("2_b", 0)]
    assert "Database error code: 1317" in history(connection, "logs")[1][0]


@pytest.mark.slow
def test_a_killed_alter_leaves_the_table_as_it_was(
    apply: Apply, write: Write, connection: Connection
) -> None:
    write(
        "1_a",
        "CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, x CHAR(200));\n"
        "INSERT INTO a (x) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
        " SELECT 'x' FROM n;\n" + "INSERT INTO a (x) SELECT x FROM a;\n" * 9,
    )
    apply()
    before = rows(connection, "SHOW CREATE TABLE a")
    write("2_b", "ALTER TABLE a ADD COLUMN y INT, ALGORITHM=COPY")
    with pytest.raises(MigrationTimeoutError) as error:
        apply(migration_timeout=0.7)
    assert "(1317)" in error.value.why
    assert rows(connection, "SHOW CREATE TABLE a") == before
    assert value(connection, "SELECT COUNT(*) FROM a") == 512_000
    temporary = (
        "SELECT COUNT(*) FROM information_schema.innodb_tables WHERE name LIKE CONCAT(DATABASE(), '/#%')"
    )
    assert value(connection, temporary) == 0


def test_a_kill_that_a_statement_survives_is_still_a_time_out(
    apply: Apply, write: Write, connection: Connection
) -> None:
    # A SLEEP cut short by KILL QUERY returns 1 and is no error: the script goes on to its end.
    write("1_a", "CREATE TABLE a (r INT);\nSET @r = SLEEP(30);\nINSERT INTO a VALUES (@r);")
    write("2_b", "CREATE TABLE b (id INT)")
    with pytest.raises(MigrationTimeoutError) as error:
        apply(migration_timeout=1)
    failure = failure_of(error.value)
    assert failure and failure.applied == ("1_a",)
    assert rows(connection, "SELECT r FROM a") == [(1,)]
    # The truth: it is applied completely. The error tells the caller to undo it.
    assert history(connection) == [("1_a", 1)]
    assert "b" not in tables(connection)


def test_a_script_that_ignores_kill_query_loses_its_session(
    apply: Apply, write: Write, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeout, "GRACE_SECONDS", 1.0)
    write("1_a", "CREATE TABLE a (id INT);\n" + "DO SLEEP(30);\n" * 20)
    began = time.monotonic()
    with pytest.raises(MigrationTimeoutError) as error:
        apply(migration_timeout=1)
    assert time.monotonic() - began < 10
    failure = failure_of(error.value)
    assert failure and failure.outcome == "unknown"
    assert history(connection) == [("1_a", 0)]
    assert (
        value(connection, "SELECT COUNT(*) FROM information_schema.processlist WHERE info LIKE 'DO SLEEP%'")
        == 0
    )


def test_time_used_up_between_migrations_starts_no_further_one(
    apply: Apply, write: Write, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The watchdog looks away, so that the first migration ends in peace beyond the deadline.
    monkeypatch.setattr(timeout.Watchdog, "_kill", lambda self, verb: False)
    write("1_a", "CREATE TABLE a (id INT); DO SLEEP(1.2)")
    write("2_b", "CREATE TABLE b (id INT)")
    with pytest.raises(MigrationTimeoutError, match="used up before migration `2_b`"):
        apply(migration_timeout=1)
    assert history(connection) == [("1_a", 1)]
    assert "b" not in tables(connection)
