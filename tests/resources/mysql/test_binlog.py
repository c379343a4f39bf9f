"""Row changes are counted by session and table, and no data is taken for an event."""

from __future__ import annotations

import tracemalloc
from collections.abc import Callable
from dataclasses import replace

import pytest

from resources.mysql.binlog import Position, current_position, row_changes
from resources.mysql.binlog_text import CannotTellError, Changes, RowCounts, Session
from resources.mysql.connection import connect, execute

ROW_LIKE = "a\n### INSERT INTO `x`.`t`\n# at 4\n"


@pytest.fixture
def read(connection, target, installation) -> Callable[[], Changes]:
    execute(connection, "CREATE TABLE t (id INT PRIMARY KEY, v TEXT, j JSON)")
    begin = current_position(connection)
    return lambda: row_changes(target.endpoint, installation, target.database, begin.file, begin.position)


def own(connection) -> Session:
    return Session(0, int(connection.thread_id()))


def test_rows_are_counted_by_session_kind_and_table(connection, server, target, read):
    execute(connection, "INSERT INTO t (id) VALUES (1), (2), (3)")
    with server.connect(target.database) as other:
        execute(other, "UPDATE t SET v = 'x' WHERE id < 3")
        execute(other, "DELETE FROM t WHERE id = 3")
        theirs = own(other)
    changes = read()
    assert changes.rows[own(connection)] == {"t": RowCounts(inserted=3)}
    assert changes.rows[theirs] == {"t": RowCounts(updated=2, deleted=1)}


def test_data_that_looks_like_events_is_data(connection, read):
    execute(connection, "INSERT INTO t VALUES (1, %s, JSON_OBJECT(%s, 1))", (ROW_LIKE, ROW_LIKE))
    execute(connection, f"CREATE TABLE q (v VARCHAR(99) DEFAULT '\n# at 7\n/*!*/;\n{ROW_LIKE}')")
    execute(connection, "UPDATE t SET v = 'short'")
    changes = read()
    assert changes.rows == {own(connection): {"t": RowCounts(inserted=1, updated=1)}}
    assert [statement.text[:14] for statement in changes.statements] == ["CREATE TABLE q"]


@pytest.mark.parametrize("name", ["o'd``d` x", "### INSERT INTO `a`.`t`", "naïve 表", "a.b"])
def test_odd_table_names_come_back_as_they_are(connection, read, name):
    quoted_name = "`" + name.replace("`", "``") + "`"
    execute(connection, f"CREATE TABLE {quoted_name} (id INT)")
    execute(connection, f"INSERT INTO {quoted_name} VALUES (1), (2)")
    assert read().rows == {own(connection): {name: RowCounts(inserted=2)}}


def test_compressed_and_xa_transactions_are_counted(connection, read):
    execute(connection, "SET SESSION binlog_transaction_compression = ON")
    execute(connection, "INSERT INTO t (id) VALUES (1)")
    execute(connection, "SET SESSION binlog_transaction_compression = OFF")
    execute(connection, "SET SESSION binlog_rows_query_log_events = ON")
    for statement in ("XA START 'x'", "DELETE FROM t", "XA END 'x'", "XA PREPARE 'x'", "XA COMMIT 'x'"):
        execute(connection, statement)
    assert read().rows == {own(connection): {"t": RowCounts(inserted=1, deleted=1)}}


def test_a_rolled_back_transaction_is_not_there(connection, read):
    for statement in ("BEGIN", "INSERT INTO t (id) VALUES (1)", "ROLLBACK"):
        execute(connection, statement)
    assert read().rows == {}


def test_further_files_are_read_and_reading_goes_on_where_it_ended(connection, target, installation, read):
    execute(connection, "INSERT INTO t (id) VALUES (1)")
    execute(connection, "FLUSH BINARY LOGS")
    execute(connection, "INSERT INTO t (id) VALUES (2)")
    changes = read()
    end = current_position(connection)
    assert (changes.file, changes.position) == (end.file, end.position)
    assert changes.rows[own(connection)]["t"].inserted == 2
    execute(connection, "INSERT INTO t (id) VALUES (3)")
    later = row_changes(target.endpoint, installation, target.database, changes.file, changes.position)
    assert later.rows[own(connection)]["t"].inserted == 1
    changes.add(later)
    assert changes.rows[own(connection)]["t"].inserted == 3


def test_other_databases_are_named_not_counted(connection, database, read):
    execute(connection, f"CREATE DATABASE `{database}__other`")
    execute(connection, f"CREATE TABLE `{database}__other`.o (id INT)")
    execute(connection, f"INSERT INTO `{database}__other`.o VALUES (1)")
    changes = read()
    assert changes.rows == {}
    assert changes.elsewhere == {own(connection): {f"{database}__other"}}


def test_rows_logged_as_statements_cannot_be_told(connection, read):
    execute(connection, "SET SESSION binlog_format = 'STATEMENT'")
    execute(connection, "INSERT INTO t (id) VALUES (1)")
    with pytest.raises(CannotTellError, match="logged as text"):
        read()


def test_a_purged_or_missing_file_cannot_be_told(target, installation):
    for file in ("binlog.999999", ""):
        with pytest.raises(CannotTellError):
            row_changes(target.endpoint, installation, target.database, file, 4)


def test_an_account_without_the_right_cannot_be_told(server, target, installation, read):
    with server.connect() as admin:
        execute(admin, "CREATE USER 'nolog'@'%' IDENTIFIED BY 'pw'")
        try:
            endpoint = replace(target.endpoint, user="nolog", password="pw")
            with connect(endpoint) as connection, pytest.raises(CannotTellError, match="may not"):
                current_position(connection)
            execute(admin, "GRANT REPLICATION CLIENT ON *.* TO 'nolog'@'%'")
            with connect(endpoint) as connection:
                end = current_position(connection)
            with pytest.raises(CannotTellError, match="cannot be read"):
                row_changes(endpoint, installation, target.database, end.file, 4)
        finally:
            execute(admin, "DROP USER 'nolog'@'%'")


def test_a_large_change_is_read_in_little_memory(connection, read):
    execute(connection, "SET SESSION cte_max_recursion_depth = 100000")
    execute(
        connection,
        "INSERT INTO t (id, v) WITH RECURSIVE r (n) AS"
        " (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 20000) SELECT n, REPEAT('x', 500) FROM r",
    )
    execute(connection, "INSERT INTO t (id, v) VALUES (0, REPEAT('y', 60000))")
    tracemalloc.start()
    changes = read()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert changes.rows[own(connection)]["t"].inserted == 20001
    assert peak < 2_000_000


@pytest.mark.slow
def test_sessions_before_and_after_a_restart_are_told_apart(make_server, installation):
    server = make_server(tcp=True, variables={"log_bin": "ON"})
    with server.connect() as first:
        execute(first, "CREATE DATABASE d")
        execute(first, "CREATE TABLE d.t (id INT)")
        begin: Position = current_position(first)
        execute(first, "INSERT INTO d.t VALUES (1)")
        thread = int(first.thread_id())
    server.kill()
    server.start()
    while True:
        with server.connect() as second:
            if int(second.thread_id()) == thread:
                execute(second, "INSERT INTO d.t VALUES (2), (3)")
                break
            assert int(second.thread_id()) < thread
    changes = row_changes(server.tcp_endpoint, installation, "d", begin.file, begin.position)
    assert changes.rows[Session(0, thread)] == {"t": RowCounts(inserted=1)}
    assert changes.rows[Session(1, thread)] == {"t": RowCounts(inserted=2)}
    assert len(changes.starts) == 1
