"""A migration that meets users' locks: bounded, retried only when nothing ran, the blocker named."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from resources.errors import LockWaitError
from resources.mysql.connection import Connection, connect, execute, quoted, rows, value
from resources.mysql.server import PrivateServer
from resources.mysql.server_variables import LASTING, merged
from resources.prisma.apply import apply_pending
from resources.prisma.failure import failure_of
from resources.prisma.lock import MigrationLock
from resources.progress import watched_by
from resources.target import Target
from tests.resources.prisma.conftest import Apply, Notes, Write, history


@pytest.fixture
def table(apply: Apply, write: Write) -> None:
    write("1_a", "CREATE TABLE a (id INT PRIMARY KEY); INSERT INTO a VALUES (1), (2)")
    apply()


STAGES = {"performance_schema_consumer_events_stages_current": "ON"}


@contextmanager
def transaction_on_a(target: Target, statement: str = "SELECT * FROM a") -> Iterator[Connection]:
    """A user who read the table and went to lunch."""
    with connect(target.endpoint, target.database) as user:
        execute(user, "START TRANSACTION")
        execute(user, statement)
        yield user


def columns(connection: Connection) -> list[str]:
    return [row[0] for row in rows(connection, "SHOW COLUMNS FROM a")]


@pytest.mark.usefixtures("table")
def test_the_blocker_is_named_and_nothing_is_left_behind(
    target: Target, apply: Apply, write: Write, connection: Connection
) -> None:
    write("2_b", "-- AlterTable\nALTER TABLE a ADD COLUMN x INT;\nALTER TABLE a ADD COLUMN y INT;")
    with transaction_on_a(target, "SELECT id AS from_the_user FROM a") as user:
        began = time.monotonic()
        with pytest.raises(LockWaitError) as error:
            apply(lock_wait_timeout=1, lock_wait_retries=1)
        took = time.monotonic() - began
        assert rows(user, "SELECT 1") == [(1,)]  # nobody was killed
        why = error.value.why
        assert f"blocked by connection {user.thread_id()} of {target.endpoint.user}@" in why
        assert "idle in a transaction for" in why
        assert f"holds table {target.database}.a" in why
        assert "SELECT id AS from_the_user FROM a" in why
    assert 2 <= took < 5  # two attempts of one second
    failure = failure_of(error.value)
    assert failure and (failure.statement, failure.mysql_code) == (1, 1205)
    assert history(connection) == [("1_a", 1)]
    assert columns(connection) == ["id"]
    assert apply(lock_wait_timeout=1).applied_migrations == ["2_b"]


@pytest.mark.usefixtures("table")
def test_a_blocker_that_leaves_in_time_costs_only_a_retry(
    target: Target, apply: Apply, write: Write, connection: Connection
) -> None:
    write("2_b", "ALTER TABLE a ADD COLUMN x INT")
    with transaction_on_a(target) as user:
        threading.Timer(1.5, lambda: execute(user, "COMMIT")).start()
        assert apply(lock_wait_timeout=1, lock_wait_retries=3).applied_migrations == ["2_b"]
    assert history(connection, "migration_name, applied_steps_count, logs") == [
        ("1_a", 1, None),
        ("2_b", 1, None),
    ]


@pytest.mark.slow
@pytest.mark.usefixtures("table")
def test_other_sessions_wait_no_longer_than_the_bound(target: Target, apply: Apply, write: Write) -> None:
    write("2_b", "ALTER TABLE a ADD COLUMN x INT")
    waited: list[float] = []

    def read() -> None:
        with connect(target.endpoint, target.database) as other:
            time.sleep(0.3)  # behind the waiting ALTER, which every later query queues up behind
            began = time.monotonic()
            value(other, "SELECT COUNT(*) FROM a")
            waited.append(time.monotonic() - began)

    with transaction_on_a(target):
        reader = threading.Thread(target=read)
        reader.start()
        with pytest.raises(LockWaitError):
            apply(lock_wait_timeout=2, lock_wait_retries=0)
        reader.join()
    assert waited[0] < 2.5


@pytest.mark.usefixtures("table")
def test_a_lock_wait_at_a_later_statement_is_a_failure_and_never_retried(
    target: Target, apply: Apply, write: Write, connection: Connection
) -> None:
    write("2_b", "INSERT INTO a VALUES (3);\nALTER TABLE a ADD COLUMN x INT;")
    with transaction_on_a(target):
        with pytest.raises(LockWaitError) as error:
            apply(lock_wait_timeout=1, lock_wait_retries=3)
    assert "statement 2" in error.value.what
    assert error.value.where.endswith("2_b/migration.sql:2")
    assert "statement 1 had taken effect" in error.value.why
    assert history(connection) == [("1_a", 1), ("2_b", 0)]
    assert rows(connection, "SELECT id FROM a ORDER BY id") == [(1,), (2,), (3,)]  # inserted once


@pytest.mark.usefixtures("table")
def test_a_call_is_not_retried_because_half_of_it_may_have_run(
    target: Target, apply: Apply, write: Write, connection: Connection
) -> None:
    execute(
        connection,
        "CREATE PROCEDURE p() BEGIN CREATE TABLE IF NOT EXISTS n (id INT); INSERT INTO n VALUES (1);"
        " ALTER TABLE a ADD COLUMN x INT; END",
    )
    write("2_b", "CALL p()")
    with transaction_on_a(target), pytest.raises(LockWaitError):
        apply(lock_wait_timeout=1, lock_wait_retries=3)
    assert rows(connection, "SELECT id FROM n") == [(1,)]
    assert history(connection) == [("1_a", 1), ("2_b", 0)]


@pytest.mark.usefixtures("table")
def test_a_row_lock_names_its_holder(
    target: Target, apply: Apply, write: Write, connection: Connection
) -> None:
    write("2_b", "UPDATE a SET id = id + 10")
    with transaction_on_a(target, "UPDATE a SET id = 22 WHERE id = 2") as user:
        with pytest.raises(LockWaitError) as error:
            apply(lock_wait_timeout=2, lock_wait_retries=0)
        assert f"blocked by connection {user.thread_id()} of" in error.value.why
        assert "holds rows: UPDATE a SET id = 22" in error.value.why
        execute(user, "ROLLBACK")
    assert rows(connection, "SELECT id FROM a ORDER BY id") == [(1,), (2,)]
    assert history(connection) == [("1_a", 1)]


@pytest.mark.slow
@pytest.mark.usefixtures("table")
def test_candidates_are_shown_to_an_account_without_performance_schema(
    target: Target, write: Write, server: PrivateServer, connection: Connection, lock: MigrationLock
) -> None:
    user_name = f"b_{target.database[2:]}"
    with server.connect() as admin:
        execute(admin, f"CREATE USER {user_name}@'%' IDENTIFIED BY 'secret-word'")
        execute(admin, f"GRANT ALL ON {quoted(target.database)}.* TO {user_name}@'%'")
    policy = replace(target.policy, lock_wait_timeout=1, lock_wait_retries=0)
    poor = replace(
        target, endpoint=replace(target.endpoint, user=user_name, password="secret-word"), policy=policy
    )
    write("2_b", "ALTER TABLE a ADD COLUMN x INT")
    lock.release()
    try:
        with MigrationLock(poor, "test") as held, transaction_on_a(poor) as user:
            with pytest.raises(LockWaitError) as error:
                apply_pending(poor, held, lambda phase, facts: None)
            assert "performance_schema does not tell" in error.value.why
            assert f"connection {user.thread_id()} of {user_name}@" in error.value.why
            assert f"connection {held.connection_id} " not in error.value.why
    finally:
        with server.connect() as admin:
            execute(admin, f"DROP USER {user_name}@'%'")
    assert history(connection) == [("1_a", 1)]


@pytest.mark.slow
@pytest.mark.usefixtures("table")
def test_whoever_watches_is_told_what_is_waited_for(target: Target, apply: Apply, write: Write) -> None:
    write("2_b", "ALTER TABLE a ADD COLUMN x INT")
    watcher = Notes()
    with transaction_on_a(target) as user, watched_by(watcher), pytest.raises(LockWaitError):
        apply(lock_wait_timeout=2, lock_wait_retries=0)
    waiting = f"2_b, statement 1: waiting for connection {user.thread_id()} of"
    assert any(note.startswith(waiting) for note in watcher.notes)


@pytest.mark.slow
def test_whoever_watches_sees_an_alter_advance_where_the_server_records_it(
    make_server: Callable[..., PrivateServer], target: Target, write: Write
) -> None:
    server = make_server(variables=merged(LASTING, STAGES))
    own = replace(target, endpoint=server.endpoint, database="shop")
    write(
        "1_a",
        "CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, x CHAR(200));\n"
        "INSERT INTO a (x) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
        " SELECT UUID() FROM n;\n"
        + "INSERT INTO a (x) SELECT UUID() FROM a;\n" * 9
        + "ALTER TABLE a ADD INDEX x (x), ALGORITHM=INPLACE;\n",
    )
    watcher = Notes()
    with MigrationLock(own, "test") as held, watched_by(watcher):
        apply_pending(own, held, lambda phase, facts: None)
    advancing = [note for note in watcher.notes if note.startswith("1_a, statement 12: altering table (")]
    assert any(" %)" in note for note in advancing), watcher.notes
