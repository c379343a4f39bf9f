"""migration_status: the truth about folder and database, read-only."""

from dataclasses import replace

import pytest

from resources.errors import HistoryError, MigrationsFolderError, NotBaselinedError
from resources.mysql.connection import Connection, connect, execute, rows
from resources.prisma.status import migration_status
from resources.target import Target
from tests.resources.prisma.conftest import Apply, Write, tables


def test_a_missing_database_counts_as_empty_and_is_not_made(target: Target, write: Write) -> None:
    write("1_a", "SELECT 1")
    absent = replace(target, database=target.database + "_absent")
    status = migration_status(absent)
    assert (status.database_exists, status.initialised) == (False, False)
    assert status.pending_names == ["1_a"]
    assert status.state == "pending"
    with connect(target.endpoint) as connection:
        assert not rows(connection, "SHOW DATABASES LIKE %s", (absent.database,))


def test_status_creates_nothing(target: Target, write: Write, connection: Connection) -> None:
    write("1_a", "SELECT 1")
    assert migration_status(target).state == "pending"
    assert tables(connection) == []


def test_applied_pending_and_up_to_date(target: Target, write: Write, apply: Apply) -> None:
    write("1_a", "CREATE TABLE a (id INT)")
    apply()
    assert migration_status(target).state == "up_to_date"
    write("2_b", "CREATE TABLE b (id INT)")
    status = migration_status(target)
    assert (status.applied_names, status.pending_names) == (["1_a"], ["2_b"])
    assert status.refusal() is None


def test_tables_without_history_must_be_baselined(
    target: Target, write: Write, connection: Connection
) -> None:
    write("1_a", "CREATE TABLE a (id INT)")
    execute(connection, "CREATE TABLE a (id INT)")
    status = migration_status(target)
    assert status.state == "not_baselined"
    refusal = status.refusal()
    assert isinstance(refusal, NotBaselinedError)
    assert "P3005" in refusal.what
    assert refusal.hint.endswith("dbsync resolve --applied 1_a")


def test_every_finding_is_in_the_refusal_with_its_own_fix(target: Target, write: Write, apply: Apply) -> None:
    write("1_a", "SELECT 1")
    write("3_c", "SELECT 3")
    apply()
    write("1_a", "SELECT 11")
    write("2_b", "SELECT 2")
    refusal = migration_status(target).refusal()
    assert isinstance(refusal, HistoryError)
    assert "`1_a` was edited" in refusal.why
    assert "`2_b` is not applied but sorts before `3_c`" in refusal.why
    assert "git log -p" in refusal.hint and "rename" in refusal.hint
    accepted = replace(target, policy=replace(target.policy, accepted=frozenset({"1_a", "2_b"})))
    assert migration_status(accepted).refusal() is None


def test_a_foreign_provider_is_refused_before_the_database_is_asked(target: Target) -> None:
    (target.migrations / "migration_lock.toml").write_text('provider = "postgresql"\n')
    unreachable = replace(target, endpoint=replace(target.endpoint, port=1, connect_timeout=1))
    with pytest.raises(MigrationsFolderError, match="P3019"):
        migration_status(unreachable)
