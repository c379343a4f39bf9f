"""Monitoring a real server: figures, a lock queue with its blocker, a restart, an account that may little."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest

from resources.metrics.figures import FIGURES
from resources.metrics.monitor import Look, Monitor
from resources.metrics.policy import Monitoring
from resources.metrics.store import opened_store
from resources.mysql.connection import connect, execute
from tests.conftest import TEST_SERVER, target_on
from tests.resources.health.conftest import http, site

__all__ = ["site"]
FAST = Monitoring(interval=0.2, window=2.0)


@contextmanager
def monitoring(target) -> Iterator[Monitor]:
    with opened_store(target) as store:
        running = Monitor(target, store)
        try:
            yield running
        finally:
            running.close()


def _ask_in_thread(target, sql: str) -> threading.Thread:
    def ask() -> None:
        with connect(target.endpoint, target.database) as connection:
            execute(connection, sql)

    thread = threading.Thread(target=ask)
    thread.start()
    return thread


def _events(target) -> list[dict]:
    folder = target.storage / "outbox"
    found = [json.loads(path.read_text()) for path in folder.rglob("*.json") if path.parent.name != "states"]
    return [one for one in found if one.get("kind", one.get("event", {}).get("kind")) == "monitoring"]


def test_every_figure_is_known_or_says_why_not(target, connection):
    execute(connection, "CREATE TABLE t (id TINYINT UNSIGNED AUTO_INCREMENT PRIMARY KEY)")
    execute(connection, "INSERT INTO t VALUES (230)")
    execute(connection, "ALTER TABLE t ADD COLUMN x INT, ALGORITHM=INSTANT")
    with monitoring(replace(target, monitoring=FAST)) as monitor:
        monitor.look()
        look = monitor.look()
    for name in FIGURES:
        value = look.figures.get(name)
        assert isinstance(value, (int, float)) or look.reasons.get(name), name
    assert look.figures["auto_increment_share"] == pytest.approx(230 / 255)
    assert look.figures["auto_increment_of"] == "t.id"
    assert (look.figures["row_versions"], look.figures["row_versions_of"]) == (1, "t")
    assert isinstance(look.figures["binlog_bytes"], int) and look.figures["binlog_bytes"] > 0
    assert isinstance(look.figures["queries_per_s"], float) and look.figures["queries_per_s"] > 0
    assert [one.name for one in look.conditions] == ["auto_increment"]
    assert look.level == "WARN" and "`t.id` has used 90.2%" in look.conditions[0].reason


def test_a_metadata_lock_queue_is_told_with_the_session_that_blocks_it_within_two_looks(target, connection):
    execute(connection, "CREATE TABLE t (id INT PRIMARY KEY, email VARCHAR(99))")
    target = replace(target, monitoring=FAST, webhook="http://127.0.0.1:1/hook")
    with monitoring(target) as monitor, connect(target.endpoint, target.database) as blocker:
        assert monitor.look().level == "OK"
        execute(blocker, "BEGIN")
        execute(blocker, "SELECT COUNT(*) FROM t WHERE email = 'private@example.com'")
        threads = [_ask_in_thread(target, "ALTER TABLE t ADD COLUMN x INT")]
        _until(lambda: _waiting(connection) == 1)
        threads.append(_ask_in_thread(target, "SELECT * FROM t"))
        _until(lambda: _waiting(connection) == 2)
        try:
            first, second = monitor.look(), monitor.look()
        finally:
            execute(blocker, "COMMIT")
            for thread in threads:
                thread.join()
        name = f"lock_queue {blocker.thread_id()}"
        assert first.figures["lock_blocker"] == str(blocker.thread_id()), "seen at once"
        assert [one.name for one in second.changed] == [name], "told at the second look"
        reason = second.changed[0].reason
        assert f"connection {blocker.thread_id()} of {target.endpoint.user}@" in reason
        assert "2 sessions wait" in reason and "idle in a transaction" in reason
        assert "FROM `t` WHERE `email` = ?" in reason and "private@example.com" not in reason
        ends = [monitor.look() for _ in range(FAST.leave)]
        assert [look.level for look in ends] == ["WARN"] * (FAST.leave - 1) + ["OK"]
        assert [(one.name, one.level) for one in ends[-1].changed] == [(name, "OK")]
    told = [json.dumps(one) for one in _events(target)]
    assert sum('"WARN"' in one and name in one for one in told) == 1
    assert sum('"OK"' in one and name in one for one in told) == 1


def test_a_restarted_server_is_unknown_for_a_while_and_then_back(make_server, tools, tmp_path):
    server = make_server(tcp=True, variables=TEST_SERVER)
    with server.connect() as admin:
        execute(admin, "CREATE DATABASE shop")
    target = replace(target_on(server, "shop", tools, tmp_path), monitoring=replace(FAST, leave=2))
    with monitoring(target) as monitor:
        monitor.look()
        assert monitor.look().level == "OK"
        server.kill()
        down = [monitor.look() for _ in range(2)]
        assert down[0].figures["threads_connected"] is None
        assert down[0].reasons["threads_connected"] == "the server does not answer"
        assert down[0].figures["load_1"] is not None, "the machine is there"
        assert (down[0].level, down[1].level) == ("OK", "CRITICAL")
        assert [one.name for one in down[1].conditions] == ["reachable"]
        server.start()
        back = [monitor.look() for _ in range(2)]
    assert back[0].figures["reachable"] == 1
    assert back[0].reasons["queries_per_s"] == "the server did not answer at the look before"
    assert back[1].figures["queries_per_s"] is not None
    assert (back[0].level, back[1].level) == ("CRITICAL", "OK")


def test_a_server_that_falls_silent_is_told_within_seconds(target, proxy):
    silent = replace(target.endpoint, host="127.0.0.1", port=proxy.port)
    with monitoring(replace(target, endpoint=silent, monitoring=FAST)) as monitor:
        assert monitor.look().figures["reachable"] == 1
        proxy.stall()
        begun = time.monotonic()
        look = monitor.look()
        assert time.monotonic() - begun < 5
        assert look.figures["reachable"] == 0 and look.figures["threads_connected"] is None


def test_an_account_that_may_little_gets_reasons_and_no_error(target, server, database):
    with server.connect() as admin:
        execute(admin, "DROP USER IF EXISTS plain")
        execute(admin, "CREATE USER plain IDENTIFIED BY 'plain-pw'")
        execute(admin, f"GRANT ALL ON `{database}`.* TO plain")
        execute(admin, f"CREATE TABLE `{database}`.t (id INT PRIMARY KEY)")
        plain = replace(
            target, monitoring=FAST, endpoint=replace(target.endpoint, user="plain", password="plain-pw")
        )
        try:
            with monitoring(plain) as monitor, connect(plain.endpoint, database) as blocker:
                look = monitor.look()
                execute(blocker, "BEGIN")
                execute(blocker, "SELECT * FROM t")
                thread = _ask_in_thread(plain, "ALTER TABLE t ADD COLUMN x INT")
                _until(lambda: _waiting(admin) == 1)
                try:
                    queue = monitor.look()
                finally:
                    execute(blocker, "COMMIT")
                    thread.join()
        finally:
            execute(admin, "DROP USER plain")
    assert look.level == "OK"
    assert look.reasons["history_length"] == "the account may not read it: GRANT PROCESS"
    assert look.reasons["binlog_bytes"] == "the account may not read it: GRANT REPLICATION CLIENT"
    assert "performance_schema" in look.reasons["table_lock_waits"]
    assert look.figures["threads_connected"] is not None
    # Its own sessions it sees, and says that more it does not know.
    assert "performance_schema does not tell" in str(queue.figures["lock_queue"])
    assert str(blocker.thread_id()) in str(queue.figures["lock_queue"])


def test_bad_answers_of_the_application_become_critical_and_good_ones_end_it(target, site):
    answers = site(http(500, "boom"))
    target = replace(target, monitoring=replace(FAST, leave=1, window=0.001), health_url=answers.url)
    with monitoring(target) as monitor:
        looks = [monitor.look() for _ in range(2)]
        assert [look.level for look in looks] == ["OK", "CRITICAL"]
        (condition,) = looks[1].conditions
        assert condition.name == "application_errors" and "HTTP 500" in condition.reason


def test_no_application_and_no_pm2_is_unknown_and_not_well(target):
    with monitoring(replace(target, monitoring=FAST)) as monitor:
        monitor.look()
        look = monitor.look()
    assert look.figures["pm2_processes"] is None and look.figures["pm2_down"] is None
    assert look.reasons["pm2_down"] and look.reasons["http_ms"] == "HEALTH_URL is not set"


def test_a_health_status_says_the_same(target):
    with monitoring(replace(target, monitoring=FAST, limits={"disk_free": (None, 1e18)})) as monitor:
        monitor.look()
        look: Look = monitor.look()
    status = look.status()
    assert not status.healthy and [one.name for one in status.problems] == ["disk_free"]
    assert status.database["threads_connected"] == look.figures["threads_connected"]
    json.dumps(status.as_dict())


def _waiting(connection) -> int:
    from resources.mysql.connection import value

    return int(
        value(
            connection,
            "SELECT COUNT(*) FROM performance_schema.metadata_locks"
            " WHERE lock_status = 'PENDING' AND object_type = 'TABLE'",
        )
    )


def _until(holds) -> None:
    end = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)
