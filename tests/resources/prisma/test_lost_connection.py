"""Connections and servers that go away in the middle of a migration."""

import signal
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pymysql
import pytest

from resources.errors import LockBusyError, MigrationFailedError, OutcomeUnknownError
from resources.mysql.connection import Connection, connect, execute, is_lost, rows, value
from resources.mysql.server import PrivateServer
from resources.prisma import lost_connection, watch
from resources.prisma.apply import apply_pending
from resources.prisma.execute import Running
from resources.prisma.failure import failure_of
from resources.prisma.lock import MigrationLock
from resources.prisma.status import migration_status
from resources.target import Target
from tests.resources.prisma.conftest import Notes, Write, history, tables
from tests.support.tcp_proxy import TcpProxy


@pytest.fixture
def through(target: Target, proxy: TcpProxy) -> Target:
    return replace(target, endpoint=proxy.endpoint(target.endpoint))


def test_a_reply_lost_after_the_work_was_done_is_unknown_and_said_so(
    through: Target, proxy: TcpProxy, write: Write, connection: Connection
) -> None:
    write("1_a", "CREATE TABLE a (id INT); INSERT INTO a VALUES (1) /* last */")
    with MigrationLock(through, "test") as lock:
        proxy.drop_reply_after(b"/* last */")
        with pytest.raises(MigrationFailedError) as error:
            apply_pending(through, lock, lambda phase, facts: None)
    assert proxy.dropped.is_set()
    failure = failure_of(error.value)
    assert failure and failure.outcome == "unknown"
    assert "whether this one had is unknown" in error.value.why
    # Prisma's "failed": open, so that nothing is built on it before somebody looked.
    assert history(connection, "finished_at, rolled_back_at, applied_steps_count") == [(None, None, 0)]
    assert "Database error code: none" in history(connection, "logs")[0][0]
    assert migration_status(through).state == "failed"


@pytest.mark.slow
def test_a_script_that_runs_on_without_its_client_is_waited_for(
    through: Target, proxy: TcpProxy, write: Write, connection: Connection
) -> None:
    write("1_a", "CREATE TABLE a (id INT);\nINSERT INTO a SELECT SLEEP(3);")
    with MigrationLock(through, "test") as lock:
        seen: list[tuple[str, dict[str, Any]]] = []
        cutter = threading.Timer(1.0, lambda: (proxy.cut(), proxy.pass_through()))
        cutter.start()
        with pytest.raises(MigrationFailedError) as error:
            apply_pending(through, lock, lambda phase, facts: seen.append((phase, facts)))
    failure = failure_of(error.value)
    assert failure and (failure.outcome, failure.statement) == ("unknown", 2)
    thread = seen[0][1]["thread_id"]
    gone = "SELECT COUNT(*) FROM information_schema.processlist WHERE id = %s"
    assert value(connection, gone, (thread,)) == 0  # nothing changes any more behind our back
    assert history(connection) == [("1_a", 0)]


def test_an_answer_that_never_comes_is_given_up(
    target: Target, server: PrivateServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """We wait, while the server's session has nothing to do: its answer was lost on the way."""
    monkeypatch.setattr(watch, "_DEAD_AFTER", 2)
    with connect(target.endpoint, target.database) as waiting:
        running = Running("1_a", int(waiting.thread_id()), 1)
        watching = watch.Watch(target, waiting, running, Notes(), ())
        try:
            with watching.over(), pytest.raises(pymysql.err.OperationalError) as error:
                read_packet: Any = waiting
                read_packet._read_packet()
        finally:
            watching.close()
    assert is_lost(error.value)


@pytest.mark.slow
def test_a_network_that_falls_silent_ends_as_unknown_not_as_a_hang(
    through: Target, proxy: TcpProxy, write: Write, connection: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "_BLIND_SECONDS", 2.0)
    monkeypatch.setattr(watch, "_ANSWER_SECONDS", 2.0)
    monkeypatch.setattr(lost_connection, "REACH_SECONDS", 2.0)
    near = replace(through, endpoint=replace(through.endpoint, connect_timeout=1))
    write("1_a", "CREATE TABLE a (id INT);\nDO SLEEP(8);")
    lock = MigrationLock(near, "test")
    lock.acquire()
    threading.Timer(1.0, proxy.stall).start()
    try:
        with pytest.raises(OutcomeUnknownError) as error:
            apply_pending(near, lock, lambda phase, facts: None)
    finally:
        proxy.cut()
        lock.release()
    failure = failure_of(error.value)
    assert failure and (failure.migration, failure.outcome, failure.statement) == ("1_a", "unknown", 2)
    assert history(connection) == [("1_a", 0)]


def test_the_history_survives_a_connection_lost_after_a_complete_script(
    target: Target, lock: MigrationLock, write: Write, connection: Connection
) -> None:
    write("1_a", "CREATE TABLE a (id INT); DO SLEEP(1)")

    def record(phase: str, facts: dict[str, Any]) -> None:
        if phase == "migration_started":
            history_id = facts["threads"][1]
            threading.Timer(0.5, lambda: execute(connection, f"KILL {history_id}")).start()

    assert apply_pending(target, lock, record).applied_migrations == ["1_a"]
    assert history(connection, "applied_steps_count, logs, finished_at IS NULL") == [(1, None, 0)]


def test_an_interrupt_ends_the_script_on_the_server(
    target: Target, lock: MigrationLock, write: Write, connection: Connection
) -> None:
    write("1_a", "CREATE TABLE a (id INT); DO SLEEP(60)")
    threads: list[int] = []

    def record(phase: str, facts: dict[str, Any]) -> None:
        threads.append(facts["thread_id"])
        main = threading.main_thread().ident or 0
        threading.Timer(0.7, lambda: signal.pthread_kill(main, signal.SIGINT)).start()

    with pytest.raises(KeyboardInterrupt):
        apply_pending(target, lock, record)
    gone = "SELECT COUNT(*) FROM information_schema.processlist WHERE id = %s"
    assert value(connection, gone, (threads[0],)) == 0
    assert history(connection) == [("1_a", 0)]


# --- the server itself dies ------------------------------------------------------

Mortal = tuple[PrivateServer, Target]
MANY_ROWS = (
    "CREATE TABLE a (id INT PRIMARY KEY AUTO_INCREMENT, x CHAR(200));\n"
    "INSERT INTO a (x) WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)"
    " SELECT 'x' FROM n;\n" + "INSERT INTO a (x) SELECT x FROM a;\n" * 8
)


@pytest.fixture
def mortal(make_server: Callable[..., PrivateServer], target: Target, write: Write) -> Mortal:
    """A server of its own with a table of 256,000 rows, and a target on it."""
    server = make_server(tcp=True)
    own = replace(target, endpoint=server.tcp_endpoint, database="shop")
    write("1_a", MANY_ROWS)
    with MigrationLock(own, "test") as lock:
        apply_pending(own, lock, lambda phase, facts: None)
    return server, own


def kill_inside_the_alter(server: PrivateServer, *, restart: bool) -> threading.Thread:
    """SIGKILL mysqld once the ALTER is copying rows, from a thread; then start it again."""

    def kill() -> None:
        with server.connect() as admin:
            copying = "SELECT COUNT(*) FROM information_schema.processlist WHERE state LIKE 'copy to tmp%'"
            while not value(admin, copying):
                time.sleep(0.01)
        server.kill()
        if restart:
            time.sleep(1)
            server.start()

    thread = threading.Thread(target=kill)
    thread.start()
    return thread


@pytest.mark.slow
def test_a_server_killed_inside_an_alter_is_read_after_its_restart(mortal: Mortal, write: Write) -> None:
    server, own = mortal
    write("2_b", "CREATE TABLE b (id INT);\nALTER TABLE a ADD COLUMN y INT, ALGORITHM=COPY;\nDROP TABLE b;")
    with MigrationLock(own, "test") as lock:
        killer = kill_inside_the_alter(server, restart=True)
        with pytest.raises(MigrationFailedError) as error:
            apply_pending(own, lock, lambda phase, facts: None)
        killer.join()
        with pytest.raises(LockBusyError, match="lost"):
            lock.verify()
        lock.acquire()  # a rollback takes it again
    failure = failure_of(error.value)
    assert failure and (failure.outcome, failure.statement, failure.applied) == ("unknown", 2, ())
    assert error.value.where.endswith("2_b/migration.sql:2")
    with server.connect("shop") as admin:
        # The ALTER did not happen, and nothing was run again.
        assert [row[0] for row in rows(admin, "SHOW COLUMNS FROM a")] == ["id", "x"]
        assert value(admin, "SELECT COUNT(*) FROM a") == 256_000
        assert tables(admin) == ["_prisma_migrations", "a", "b"]
        assert history(admin) == [("1_a", 1), ("2_b", 0)]
    assert migration_status(own).state == "failed"


@pytest.mark.slow
def test_a_server_that_stays_away_is_an_unknown_outcome(
    mortal: Mortal, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lost_connection, "REACH_SECONDS", 2.0)
    server, own = mortal
    write("2_b", "ALTER TABLE a ADD COLUMN y INT, ALGORITHM=COPY")
    with MigrationLock(own, "test") as lock:
        killer = kill_inside_the_alter(server, restart=False)
        with pytest.raises(OutcomeUnknownError) as error:
            apply_pending(own, lock, lambda phase, facts: None)
        killer.join()
    assert "dbsync check" in error.value.hint
    server.start()
    with server.connect("shop") as admin:
        assert history(admin) == [("1_a", 1), ("2_b", 0)]
