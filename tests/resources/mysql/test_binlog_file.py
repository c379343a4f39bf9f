"""A binary log file is read as the server reads it, and no changed byte goes unseen."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from resources.mysql.binlog_event import Query, utc_time
from resources.mysql.binlog_fetch import fetch, read_server_log
from resources.mysql.binlog_file import BinlogDamagedError, read_events
from resources.mysql.binlog_transactions import BinlogReader, FileFacts, Transaction
from resources.mysql.connection import Connection, execute, rows, value
from resources.mysql.gtid_set import GtidSet
from resources.prisma.history import CREATE_TABLE


def read(data: bytes, **more) -> tuple[list[Transaction], FileFacts]:
    reader = BinlogReader(io.BytesIO(data), "f", **more)
    return list(reader.transactions()), reader.facts


def new_file(connection: Connection) -> str:
    execute(connection, "FLUSH BINARY LOGS")
    return str(rows(connection, "SHOW BINARY LOGS")[-1][0])


@pytest.fixture
def file(server, connection, database) -> Path:
    """A closed file of many kinds of transactions."""
    name = new_file(connection)
    execute(connection, "CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, v LONGTEXT)")
    execute(connection, "INSERT INTO t (v) VALUES ('a'), ('b')")
    execute(connection, "SET gtid_next = 'AUTOMATIC:some_tag'")
    execute(connection, "INSERT INTO t (v) VALUES ('tagged')")
    execute(connection, "SET gtid_next = 'AUTOMATIC'")
    execute(connection, "SET SESSION binlog_transaction_compression = ON")
    execute(connection, "INSERT INTO t (v) VALUES (REPEAT('c', 1000))")
    execute(connection, "SET SESSION binlog_transaction_compression = OFF")
    for statement in (
        "XA START 'x'",
        "DELETE FROM t LIMIT 1",
        "XA END 'x'",
        "XA PREPARE 'x'",
        "XA COMMIT 'x'",
    ):
        execute(connection, statement)
    execute(connection, "CREATE USER IF NOT EXISTS 'binlog_test'@'localhost'")
    execute(connection, "DROP USER 'binlog_test'@'localhost'")
    new_file(connection)
    return server.datadir / name


def test_transactions_are_those_of_show_binlog_events(connection, file):
    found, facts = read(file.read_bytes())
    shown = rows(connection, f"SHOW BINLOG EVENTS IN '{file.name}'")
    gtids = [
        (int(row[1]), str(row[5]).split("'")[1])
        for row in shown
        if "gtid" in row[2].lower() and row[5:][0][:3] == "SET"
    ]
    assert [(one.start, one.gtid_text) for one in found] == gtids
    assert any(":some_tag:" in text for _, text in gtids)
    assert [one.end for one in found] == [one.start for one in found[1:]] + [int(shown[-1][1])]
    previous = next(row[5] for row in shown if row[2] == "Previous_gtids")
    assert facts.previous == GtidSet.parse(str(previous).replace("\n", ""))
    assert facts.next_file > file.name and facts.begin == found[0].start
    assert facts.transactions == len(gtids) and facts.anonymous == 0
    executed = GtidSet.parse(str(value(connection, "SELECT @@gtid_executed")).replace("\n", ""))
    assert facts.gtids <= executed and len(facts.gtids) == len(gtids)


def test_the_commit_time_is_the_server_s_in_microseconds(connection, file):
    found, _ = read(file.read_bytes())
    now = str(value(connection, "SELECT CONVERT_TZ(NOW(6), @@session.time_zone, '+00:00')")).replace(" ", "T")
    times = [utc_time(one.committed) for one in found]
    assert times == sorted(times) and times[-1] <= now + "Z"
    assert times[0][:10] == now[:10] or times[0] < now


def test_statements_about_accounts_and_events_are_told_apart():
    for text, accounts, event in [
        ("CREATE USER a", True, False),
        ("/* hi */ drop  user a", True, False),
        ("GRANT ALL ON d.* TO a", True, False),
        ("-- note\nREVOKE ALL ON d.* FROM a", True, False),
        ("SET PASSWORD FOR a = 'x'", True, False),
        ("CREATE TABLE user (a INT)", False, False),
        ("CREATE EVENT e ON SCHEDULE EVERY 1 DAY DO DELETE FROM t", False, True),
        ("CREATE DEFINER=`a`@`%` EVENT e ON SCHEDULE EVERY 1 DAY DO SELECT 1", False, True),
        ("/*!50106 ALTER EVENT e DISABLE */", False, True),
        ("DROP EVENT e", False, False),
        ("FLUSH PRIVILEGES", True, False),
    ]:
        query = Query("d", text.encode())
        assert (query.is_of_accounts, query.may_be_of_event) == (accounts, event), text


def test_a_table_that_came_as_a_file_is_seen_in_the_log():
    for text, brings in [
        ("ALTER TABLE `d`.`a``b c` IMPORT TABLESPACE", True),
        ("/* hi */ alter table d.t import tablespace", True),
        ("ALTER TABLE t IMPORT PARTITION p0, p1 TABLESPACE", True),
        ("ALTER TABLE t DISCARD TABLESPACE", False),
        ("ALTER TABLE t COMMENT='IMPORT TABLESPACE'", False),
    ]:
        assert Query("d", text.encode()).brings_files is brings, text


@pytest.mark.parametrize("compressed", ["ON", "OFF"])
def test_names_of_migrations_are_found_in_prisma_s_own_table_only(server, connection, database, compressed):
    name = new_file(connection)
    execute(connection, CREATE_TABLE)
    execute(connection, "CREATE TABLE other LIKE _prisma_migrations")
    execute(connection, f"SET SESSION binlog_transaction_compression = {compressed}")
    insert = "(id, checksum, migration_name, logs, finished_at) VALUES (%s, 'c', %s, %s, %s)"
    execute(connection, f"INSERT INTO _prisma_migrations {insert}", ("1", "20260101_é", None, None))
    execute(connection, f"INSERT INTO _prisma_migrations {insert}", ("2", "n" * 255, "l" * 300, "2026-01-01"))
    execute(connection, f"INSERT INTO other {insert}", ("3", "elsewhere", None, None))
    execute(connection, "UPDATE _prisma_migrations SET finished_at = NOW(3) WHERE id = '1'")
    new_file(connection)
    found, _ = read((server.datadir / name).read_bytes(), history_of=database)
    assert [one.migrations for one in found if one.migrations] == [("20260101_é",), ("n" * 255,)]
    assert not any(one.migrations for one in read((server.datadir / name).read_bytes(), history_of="x")[0])


def test_every_flipped_byte_is_noticed(file):
    data = file.read_bytes()
    in_use = 4 + 17
    for place in range(len(data)):
        flipped = bytearray(data)
        flipped[place] ^= 0x40 if place == in_use else 1
        with pytest.raises(BinlogDamagedError):
            list(read_events(io.BytesIO(bytes(flipped)), ()))


def test_a_file_that_ends_inside_an_event_is_noticed_at_every_byte(file):
    data = file.read_bytes()
    ends = {4} | {event.end for event in read_events(io.BytesIO(data), ())}
    for length in range(len(data)):
        if length in ends:
            list(read_events(io.BytesIO(data[:length]), ()))
            continue
        with pytest.raises(BinlogDamagedError):
            list(read_events(io.BytesIO(data[:length]), ()))
        with pytest.raises(BinlogDamagedError):
            list(read_events(io.BytesIO(data[:length]), (), length))


def test_files_without_checksums_are_read(make_server):
    server = make_server(variables={"log_bin": "ON", "binlog_checksum": "NONE"})
    with server.connect() as connection:
        execute(connection, "CREATE DATABASE d")
        execute(connection, "CREATE TABLE d.t (id INT)")
        new_file(connection)
    found, facts = read((server.datadir / "binlog.000001").read_bytes())
    assert len(found) == 2 and facts.next_file == "binlog.000002"


def test_fetched_files_are_the_server_s_byte_for_byte(
    server, connection, file, target, installation, tmp_path
):
    log = read_server_log(connection)
    wanted = {name: size for name, size in log.files.items() if name >= file.name}
    paths = fetch(target.endpoint, installation, wanted, tmp_path / "got")
    assert [path.name for path in paths] == list(wanted)
    for path in paths[:-1]:
        assert path.read_bytes() == (server.datadir / path.name).read_bytes()
        assert path.stat().st_mode & 0o777 == 0o600
    assert paths[-1].stat().st_size >= log.end.position
