"""`resolve`, as Prisma's."""

import pytest

from resources.errors import HistoryError, LockBusyError, MigrationFailedError, MigrationsFolderError
from resources.mysql.connection import Connection, execute
from resources.prisma import lock as lock_module
from resources.prisma.checksum import checksum
from resources.prisma.lock import MigrationLock
from resources.prisma.resolve import mark_applied, mark_rolled_back
from resources.prisma.status import migration_status
from resources.target import Target
from tests.resources.prisma.conftest import Apply, Write, history, tables

ROW = "migration_name, finished_at = started_at, logs, applied_steps_count, rolled_back_at IS NOT NULL"


def test_applied_baselines_a_database_without_history(
    target: Target, write: Write, connection: Connection
) -> None:
    path = write("1_a", "CREATE TABLE a (id INT)")
    execute(connection, "CREATE TABLE a (id INT)")
    assert mark_applied(target, "1_a") == "Migration 1_a marked as applied."
    assert history(connection, ROW) == [("1_a", 1, "", 0, 0)]
    assert history(connection, "checksum") == [(checksum(path.read_bytes()),)]
    assert migration_status(target).state == "up_to_date"


def test_applied_closes_failed_attempts(
    target: Target, write: Write, apply: Apply, lock: MigrationLock, connection: Connection
) -> None:
    write("1_a", "OOPS")
    with pytest.raises(MigrationFailedError):
        apply()
    mark_applied(target, "1_a", lock)
    assert history(connection, "finished_at IS NULL, rolled_back_at IS NULL, logs = ''") == [
        (1, 0, 0),
        (0, 1, 1),
    ]
    assert apply().applied_migrations == []


def test_p3008_applied_twice_even_after_a_rollback(
    target: Target, write: Write, connection: Connection
) -> None:
    write("1_a", "SELECT 1")
    mark_applied(target, "1_a")
    for statement in ("DO 0", "UPDATE _prisma_migrations SET rolled_back_at = NOW()"):
        execute(connection, statement)
        with pytest.raises(HistoryError, match="P3008"):
            mark_applied(target, "1_a")
    assert len(history(connection)) == 1


@pytest.mark.parametrize("name", ["2_absent", "1_empty", "../1_a", "1_a/", ""])
def test_p3017_a_migration_that_is_not_there(
    target: Target, write: Write, connection: Connection, name: str
) -> None:
    write("1_a", "SELECT 1")
    (target.migrations / "1_empty").mkdir()
    with pytest.raises(MigrationsFolderError, match="P3017"):
        mark_applied(target, name)
    assert tables(connection) == []


def test_p3019_is_checked_for_applied_only(
    target: Target, write: Write, apply: Apply, lock: MigrationLock
) -> None:
    write("1_a", "OOPS")
    with pytest.raises(MigrationFailedError):
        apply()
    (target.migrations / "migration_lock.toml").write_text('provider = "sqlite"\n')
    with pytest.raises(MigrationsFolderError, match="P3019"):
        mark_applied(target, "1_a", lock)
    assert mark_rolled_back(target, "1_a", lock) == "Migration 1_a marked as rolled back."


def test_rolled_back_makes_it_pending_again_without_its_folder(
    target: Target, write: Write, apply: Apply, lock: MigrationLock, connection: Connection
) -> None:
    path = write("1_a", "OOPS")
    with pytest.raises(MigrationFailedError):
        apply()
    path.unlink()
    path.parent.rmdir()
    mark_rolled_back(target, "1_a", lock)
    mark_rolled_back(target, "1_a", lock)  # nothing left to mark: still a success in Prisma
    assert history(connection, "finished_at, rolled_back_at IS NOT NULL") == [(None, 1)]
    write("1_a", "CREATE TABLE a (id INT)")
    assert migration_status(target).pending_names == ["1_a"]
    assert apply().applied_migrations == ["1_a"]
    assert history(connection, "finished_at IS NULL, rolled_back_at IS NULL") == [(1, 0), (0, 1)]


def test_p3011_never_applied_and_p3012_not_failed(
    target: Target, write: Write, apply: Apply, lock: MigrationLock, connection: Connection
) -> None:
    with pytest.raises(HistoryError, match="no table"):
        mark_rolled_back(target, "1_a", lock)
    write("1_a", "SELECT 1")
    apply()
    with pytest.raises(HistoryError, match="P3011"):
        mark_rolled_back(target, "2_b", lock)
    with pytest.raises(HistoryError, match="P3012"):
        mark_rolled_back(target, "1_a", lock)
    assert history(connection) == [("1_a", 1)]


def test_a_held_lock_stops_resolve(
    target: Target,
    write: Write,
    lock: MigrationLock,
    connection: Connection,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(lock_module, "WAIT_SECONDS", 0)
    write("1_a", "SELECT 1")
    with pytest.raises(LockBusyError):
        mark_applied(target, "1_a")
    assert tables(connection) == []
