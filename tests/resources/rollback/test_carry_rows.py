"""Each way carries every kind of table exactly, its indexes and its counter too."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from resources.errors import RestoreFailedError
from resources.mysql.collations import made_again
from resources.mysql.connection import Connection, connect, execute, quoted, rows, value
from resources.mysql.digest import table_digests
from resources.mysql.server import PrivateServer
from resources.rollback import copy_rows_by_events, row_events
from resources.rollback.copy_rows import carry_rows
from resources.rollback.foreign_keys import without_foreign_keys
from resources.rollback.journey import DUMP, FILES, ROW_EVENTS, Journey, Ways
from resources.rollback.old_state import is_same_table, read_old_state
from resources.rollback.server_files import server_files
from resources.rollback.side import SideNames, drop_database
from resources.rollback.tolerant_session import tolerant_session
from resources.target import Target
from tests.resources.rollback.tables import KINDS, NO_FILES, statements

pytestmark = pytest.mark.slow


@pytest.fixture
def names(database) -> SideNames:
    return SideNames.of(database, "rx1")


@pytest.fixture
def kinds(connection) -> Connection:
    for statement in statements(KINDS):
        execute(connection, statement)
    return connection


@pytest.fixture
def carry(target, names, connection) -> Callable[..., Ways]:
    """Fill the side database from a source; judges digests, texts, counters and indexes."""

    def run(source: PrivateServer, *, by_files: bool = False, to: Target = target) -> Ways:
        old, before = read_old_state(source, target.database), table_digests(source.endpoint, target.database)
        execute(connection, f"CREATE DATABASE {quoted(names.side)}")
        texts = {name: made_again(without_foreign_keys(text)) for name, text in old.tables.items()}
        journey = Journey(
            source, old.database, to.endpoint, names.side, lambda: tolerant_session(to), by_files
        )
        arrived: list[str] = []
        ways = carry_rows(journey, texts, lambda _, table, way: arrived.append(table), lambda: None)
        assert sorted(arrived) == sorted(texts)
        judge(old.tables, before)
        return ways

    def judge(tables, before) -> None:
        assert table_digests(target.endpoint, names.side) == before
        for table, text in tables.items():
            name = f"{quoted(names.side)}.{quoted(table)}"
            made = rows(connection, f"SHOW CREATE TABLE {name}")[0][1]
            assert is_same_table(made, text), made
            assert _counter(made) == _counter(text), table
            said = rows(connection, f"CHECK TABLE {name} EXTENDED")
            assert [row[3] for row in said] == ["OK"], said

    return run


def _counter(text: str) -> str:
    _, _, after = text.rpartition(" AUTO_INCREMENT=")
    return after.split()[0] if after != text else ""


def test_files_carry_every_kind_of_table_and_it_is_one_of_the_servers_own_afterwards(
    kinds, clone, carry, names, database
):
    source = clone()
    ways = carry(source, by_files=True)
    assert not source.is_running, "it would go on writing to files that are the target's now"
    left = {path.stem for path in (source.datadir / database).glob("*.ibd")}
    assert "plain" not in left, "it was moved"
    assert "instant@0020add" in left, "it was copied: the server might have refused it"
    # MySQL 9.7.4 does not read what it has written about columns that were dropped instantly.
    assert {table for table, way in ways.taken.items() if way != FILES} <= {"instant drop"}, ways.notes
    for table in ("instant add", "instant drop", "plain"):
        name = f"`{names.side}`.`{table}`"
        execute(kinds, f"ALTER TABLE {name} ADD COLUMN later INT DEFAULT 5, ALGORITHM=INSTANT")
        execute(kinds, f"ALTER TABLE {name} ENGINE=InnoDB")
        assert value(kinds, f"SELECT COUNT(*) FROM {name} WHERE later = 5") >= 2
    drop_database(kinds, names.side)


def test_imported_tables_outlive_a_crash_of_the_server(make_server, clone_of, tools, tmp_path):
    server = make_server(tcp=True)
    with server.connect() as admin:
        execute(admin, "CREATE DATABASE d")
        execute(admin, "USE d")
        for statement in statements(KINDS):
            execute(admin, statement)
    source = clone_of(server)
    target = Target(server.tcp_endpoint, "d", tmp_path, tmp_path, tmp_path, tools)
    old = read_old_state(source, "d")
    with server.connect() as admin:
        execute(admin, "CREATE DATABASE d__dbsync_side_r1")
    journey = Journey(
        source, "d", target.endpoint, "d__dbsync_side_r1", lambda: tolerant_session(target), by_files=True
    )
    before = table_digests(source.endpoint, "d")
    carry_rows(journey, {t: made_again(x) for t, x in old.tables.items()}, lambda *_: None, lambda: None)
    server.kill()
    server.start()
    assert table_digests(server.endpoint, "d__dbsync_side_r1") == before
    assert table_digests(server.endpoint, "d") == before
    with server.connect("d__dbsync_side_r1") as admin:
        for table in old.tables:
            assert [row[3] for row in rows(admin, f"CHECK TABLE {quoted(table)}")] == ["OK"]


def test_a_moved_file_that_the_server_refuses_ends_it_with_the_way_on(connection, clone, names, target):
    execute(connection, "CREATE TABLE t (id INT PRIMARY KEY)")
    execute(connection, "INSERT INTO t VALUES (1)")
    source = clone()
    old = read_old_state(source, target.database)
    execute(connection, f"CREATE DATABASE {quoted(names.side)}")

    def somebody_changes_it() -> None:
        execute(connection, f"ALTER TABLE {quoted(names.side)}.t ADD COLUMN v INT")

    journey = Journey(
        source, old.database, target.endpoint, names.side, lambda: tolerant_session(target), by_files=True
    )
    with pytest.raises(RestoreFailedError) as error:
        carry_rows(journey, dict(old.tables), lambda *_: None, somebody_changes_it)
    assert "RESTORE_WAY=rows" in error.value.hint and "column" in error.value.why.lower()
    folder = server_files(connection).folder_of(names.side)
    assert folder and list(folder.iterdir()) == [], "nothing of it stays"
    assert rows(connection, "SELECT * FROM t") == [(1,)]
    drop_database(connection, names.side)


def test_what_cannot_go_as_a_file_goes_by_rows_and_the_reason_is_said(connection, clone, carry):
    for statement in statements({name: texts for name, (_, texts) in NO_FILES.items()}):
        execute(connection, statement)
    execute(connection, "CREATE TABLE other (id INT PRIMARY KEY)")
    ways = carry(clone(), by_files=True)
    assert ways.taken == dict.fromkeys(NO_FILES, ROW_EVENTS) | {"other": FILES}
    for name, (reason, _) in NO_FILES.items():
        assert any(f"`{name}`" in note and reason in note for note in ways.notes), ways.notes


def test_row_events_carry_every_kind_of_table_in_pieces_of_any_size(kinds, clone, carry, monkeypatch):
    monkeypatch.setattr(copy_rows_by_events, "PIECE", 2000)
    monkeypatch.setattr(row_events, "_WANTED", 500)
    ways = carry(clone())
    assert set(ways.taken.values()) == {ROW_EVENTS}


def test_a_dump_carries_all_but_types_inside_json(kinds, clone, carry, target, server):
    execute(kinds, "UPDATE typed SET j = '{\"a\": [1, 2.5, null]}' WHERE j IS NOT NULL")
    with server.connect() as admin:
        execute(admin, "CREATE USER 'few'@'%' IDENTIFIED BY 'pw'")
        execute(admin, "GRANT ALL ON *.* TO 'few'@'%'")
        execute(admin, "REVOKE SUPER, REPLICATION_APPLIER, BINLOG_ADMIN ON *.* FROM 'few'@'%'")
        try:
            account = replace(target.endpoint, user="few", password="pw")
            ways = carry(clone(), to=replace(target, endpoint=account))
        finally:
            execute(admin, "DROP USER 'few'@'%'")
    assert set(ways.taken.values()) == {DUMP}
    assert any("REPLICATION_APPLIER" in note for note in ways.notes)


def test_replicas_get_the_rows(make_server, clone_of, tools, tmp_path):
    server, replica = make_server(tcp=True, variables=_ONE), make_server(tcp=True, variables=_TWO)
    with server.connect() as admin:
        execute(admin, "CREATE DATABASE d")
        execute(admin, "CREATE TABLE d.t (id INT PRIMARY KEY, v INT, KEY (v))")
        execute(admin, "INSERT INTO d.t VALUES (1, 1), (2, 3)")
    source = clone_of(server)
    with replica.connect() as admin:
        execute(
            admin,
            f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={server.port},"
            f" SOURCE_USER='dbsync', SOURCE_PASSWORD='{server.tcp_endpoint.password}', SOURCE_SSL=1",
        )
        execute(admin, "START REPLICA")
        _await(lambda: _is_connected(server))
        target = Target(server.tcp_endpoint, "d", tmp_path, tmp_path, tmp_path, tools)
        with connect(server.endpoint) as other:
            execute(other, "CREATE DATABASE d__dbsync_side_r1")
        old = read_old_state(source, "d")
        journey = Journey(
            source, "d", target.endpoint, "d__dbsync_side_r1", lambda: tolerant_session(target), by_files=True
        )
        ways = carry_rows(journey, dict(old.tables), lambda *_: None, lambda: None)
        assert ways.taken == {"t": ROW_EVENTS}
        assert any("replicas" in note for note in ways.notes)
        with connect(server.endpoint) as other:
            gtids = value(other, "SELECT @@gtid_executed")
        assert value(admin, "SELECT WAIT_FOR_EXECUTED_GTID_SET(%s, 60)", (gtids,)) == 0
    assert table_digests(replica.endpoint, "d__dbsync_side_r1") == table_digests(source.endpoint, "d")


_ONE = {"log_bin": "ON", "server_id": "1", "gtid_mode": "ON", "enforce_gtid_consistency": "ON"}
_TWO = {**_ONE, "server_id": "2"}


def _is_connected(server: PrivateServer) -> bool:
    with server.connect() as admin:
        return bool(rows(admin, "SHOW REPLICAS"))


def _await(condition: Callable[[], bool]) -> None:
    import time

    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
