"""Where a moment is found, and the clear refusal where it is not."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from resources.backup.incremental.make import make_incremental_backup
from resources.backup.make import make_full_backup
from resources.backup.moment.logs import SERVER
from resources.backup.moment.moment import END, Moment, parse_moment
from resources.backup.point_in_time import base_at, preview_at
from resources.errors import BackupCorruptError, ChainBrokenError, MomentError, NoSuchBackupError
from resources.mysql.binlog_text import RowCounts
from resources.mysql.collations import without_defaults
from resources.mysql.connection import connect, execute, quoted, rows, value
from resources.prisma.history import CREATE_TABLE
from tests.resources.backup.conftest import World, leftovers, world
from tests.resources.backup.incremental.conftest import DATABASE
from tests.resources.backup.moment.conftest import down

pytestmark = pytest.mark.slow


def later(time: str, seconds: float) -> str:
    return (datetime.fromisoformat(time) + timedelta(seconds=seconds)).isoformat()


def test_what_is_stored_can_be_reached_while_the_server_is_down(shop, write, remember, open_at, plan):
    write("stored")
    then = remember()
    write("later")
    made = make_incremental_backup(shop)
    opened = open_at(parse_moment(then.time), target=down(shop))
    assert world(opened.server.endpoint, DATABASE) == then.world
    write("only on the server")
    beyond = parse_moment(remember().time)
    with pytest.raises(MomentError) as error:
        plan(beyond, target=down(shop))
    assert "cannot be read" in error.value.what and made.id in error.value.hint
    assert made.binlog_file in error.value.where
    assert plan(beyond).sources[-1] == SERVER


def test_moments_before_the_backup_or_in_the_future_are_refused(shop, origin, write, plan):
    write("x")
    make_incremental_backup(shop)
    with pytest.raises(MomentError, match="is from before"):
        plan(parse_moment("2001-01-01 00:00Z"))
    with pytest.raises(MomentError, match="later moment"):
        plan(parse_moment(later(origin.full.timestamp, -60)), origin.full.id)
    with pytest.raises(MomentError, match="future"):
        plan(parse_moment(later(datetime.now(UTC).isoformat(), 3600)))
    with pytest.raises(NoSuchBackupError):
        plan(END, "20200101T000000Z-0001-full")
    assert leftovers(shop) == []


def test_a_file_that_was_stored_while_it_grew_is_taken_further_from_the_server(
    shop, origin, write, remember, open_at
):
    with origin.server.connect() as admin:
        execute(admin, "CREATE USER IF NOT EXISTS 'plain'@'%' IDENTIFIED BY 'pw'")
        execute(admin, "GRANT ALL ON shop.* TO 'plain'@'%'")
        execute(admin, "GRANT REPLICATION CLIENT, REPLICATION SLAVE, PROCESS ON *.* TO 'plain'@'%'")
    plain = replace(shop, endpoint=replace(shop.endpoint, user="plain", password="pw"))
    made = []
    for text in ("one", "two"):
        write(text)
        made.append(make_incremental_backup(plain))
    write("three")
    then = remember()
    write("four")
    assert made[0].binlog_file == made[1].binlog_file
    opened = open_at(parse_moment(then.time), target=plain)
    assert world(opened.server.endpoint, DATABASE) == then.world
    end = open_at(END, made[0].id, target=down(plain))
    assert end.plan.reached == (made[0].binlog_file, made[0].binlog_position)


def test_gtid_sets_that_never_were_a_state_are_refused(shop, origin, write, remember, plan, open_at):
    if not origin.full.gtid_executed:
        with pytest.raises(MomentError, match="no GTIDs"):
            write("x")
            plan(parse_moment(to_gtid="53c6ce34-e924-11f1-a487-02fc00000001:1-5"), origin.full.id)
        return
    uuid = origin.full.server_uuid
    write("x", "y")
    then = remember()
    last = int(then.gtids.rpartition("-")[2])
    write("z")
    with pytest.raises(MomentError, match="never in a state"):
        plan(parse_moment(to_gtid=f"{uuid}:1-{last - 2}:{last}"))
    with pytest.raises(MomentError, match="in no binary log that is left"):
        plan(parse_moment(to_gtid=f"{uuid}:1-{last + 999}"))
    with pytest.raises(MomentError, match="later moment"):
        plan(parse_moment(to_gtid=f"{uuid}:1"), origin.full.id)
    with pytest.raises(MomentError, match="no proven full backup"):
        plan(parse_moment(to_gtid=f"{uuid}:1"))
    one = open_at(parse_moment(to_gtid=f"{uuid}:{last}"))
    assert world(one.server.endpoint, DATABASE) == then.world


@pytest.fixture
def begin_migration(sql) -> Callable[[str], None]:
    execute(sql, CREATE_TABLE.replace("TABLE _", "TABLE IF NOT EXISTS _"))

    def begin(name: str) -> None:
        execute(
            sql,
            "INSERT INTO _prisma_migrations (id, checksum, migration_name) VALUES (UUID(), 'c', %s)",
            (name,),
        )

    return begin


def test_just_before_a_migration_is_before_its_row_and_all_it_did(
    shop, origin, sql, write, remember, begin_migration, open_at, plan
):
    write("before")
    then = remember()
    begin_migration("20260102_drop_it")
    execute(sql, "ALTER TABLE log ADD COLUMN w INT")
    execute(sql, "UPDATE log SET w = 1")
    execute(
        sql, "UPDATE _prisma_migrations SET finished_at = NOW() WHERE migration_name = '20260102_drop_it'"
    )
    make_incremental_backup(shop)
    begin_migration("20260103_other")
    opened = open_at(parse_moment(to_before_migration="20260102_drop_it"))
    assert world(opened.server.endpoint, DATABASE) == then.world
    with pytest.raises(MomentError) as error:
        plan(parse_moment(to_before_migration="20260109_nope"))
    assert "20260102_drop_it" in error.value.why and "20260103_other" in error.value.why
    begin_migration("20260102_drop_it")
    with pytest.raises(MomentError) as error:
        plan(parse_moment(to_before_migration="20260102_drop_it"))
    assert "2 times" in error.value.what and "--to " in error.value.hint
    # The hint is a moment that can be had, and the right one.
    time = error.value.hint.partition('"')[2].rstrip('"')
    assert world(open_at(parse_moment(time)).server.endpoint, DATABASE) == then.world
    execute(sql, "DROP TABLE _prisma_migrations")


def test_a_migration_from_before_the_newest_backup_is_found_from_an_older_one(
    shop, write, remember, begin_migration, plan
):
    older = make_full_backup(shop).manifest
    begin_migration("20260104_old")
    make_full_backup(shop)
    write("x")
    found = plan(parse_moment(to_before_migration="20260104_old"))
    assert found.base.id == older.id
    moment = parse_moment(to_before_migration="20260104_old")
    assert moment and base_at(shop, moment).id == older.id, "a restore begins from the same"
    with pytest.raises(MomentError):
        plan(parse_moment(to_before_migration="20260104_never"))


def test_a_time_at_which_a_backup_was_being_made_is_reached_from_an_older_one(shop, origin, plan):
    seen: list[str] = []
    done = threading.Event()

    def write_on() -> None:
        with connect(shop.endpoint, DATABASE) as other:
            while not done.is_set():
                execute(other, "INSERT INTO log (v) VALUES ('meanwhile')")
                text = "SELECT DATE_FORMAT(UTC_TIMESTAMP(6), '%Y-%m-%dT%H:%i:%s.%fZ')"
                seen.append(str(value(other, text)))

    writer = threading.Thread(target=write_on)
    writer.start()
    try:
        newer = make_full_backup(shop).manifest
    finally:
        done.set()
        writer.join()
    begun = datetime.fromisoformat(newer.timestamp)
    moment = parse_moment(next(time for time in seen if datetime.fromisoformat(time) > begun))
    assert moment
    with pytest.raises(MomentError, match="later moment"):
        plan(moment, newer.id)
    found = plan(moment)
    assert found.base.id == origin.full.id and found.replayed.transactions
    assert base_at(shop, moment).id == origin.full.id
    assert leftovers(shop) == []


def test_another_server_s_log_is_not_taken(shop, write, plan, make_server):
    write("x")
    make_incremental_backup(shop)
    other = make_server(tcp=True, variables={"log_bin": "ON"})
    with pytest.raises(MomentError) as error:
        plan(Moment("latest"), target=replace(shop, endpoint=other.tcp_endpoint))
    assert "uuid" in error.value.why


@pytest.mark.parametrize("how", ["flip", "truncate", "empty"])
def test_a_damaged_increment_is_refused_by_name_before_anything_is_started(
    shop, write, remember, tmp_path, how, open_at
):
    write("some text", "and more")
    made = make_incremental_backup(shop)
    path = shop.storage / made.id / f"files/{made.files[0].path}.zst"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes({"flip": data, "truncate": data[:-1], "empty": b""}[how])
    with pytest.raises(BackupCorruptError) as error:
        open_at(END, made.id)
    assert made.id in error.value.what and path.name in error.value.what
    assert "expected" in error.value.why and "actual" in error.value.why
    assert not list(tmp_path.glob("opened-*/data")), "no server was made"


def test_a_missing_link_is_refused_by_name(shop, write, open_at):
    write("x")
    first = make_incremental_backup(shop)
    second = make_incremental_backup(shop)
    (shop.storage / first.id).rename(shop.storage / "gone")
    with pytest.raises(ChainBrokenError) as error:
        open_at(END, second.id)
    assert first.id in error.value.what


def test_a_preview_counts_what_is_replayed_and_what_is_lost(shop, origin, sql, write, remember):
    full = make_full_backup(shop).manifest
    execute(sql, "CREATE TABLE IF NOT EXISTS up (id INT PRIMARY KEY)")
    execute(
        sql,
        "CREATE TABLE IF NOT EXISTS down (id INT, up_id INT,"
        " FOREIGN KEY (up_id) REFERENCES up (id) ON DELETE CASCADE)",
    )
    full = make_full_backup(shop).manifest
    write("a", "b")
    make_incremental_backup(shop)
    then = remember()
    execute(sql, "INSERT INTO up VALUES (1), (2)")
    make_incremental_backup(shop)
    execute(sql, "DELETE FROM up WHERE id = 1")
    execute(sql, "UPDATE log SET v = 'z' LIMIT 1")
    execute(sql, "ALTER TABLE log COMMENT 'x'")
    seen = preview_at(shop, full.id, parse_moment(then.time))
    assert seen.plan.replayed.transactions == 2
    assert seen.lost.transactions == 4 and seen.lost.statements == 1 and seen.lost.unknown == ""
    assert seen.lost.rows == {"up": RowCounts(inserted=2, deleted=1), "log": RowCounts(updated=1)}
    assert seen.lost.cascades == {} or full.server_version < "9.6"
    assert leftovers(shop) == []
    # As it is told of a server that does not log what foreign keys do.
    path = shop.storage / full.id / "manifest.json"
    path.write_bytes(replace(full, server_version="8.4.3").encode())
    old = preview_at(shop, full.id, parse_moment(then.time))
    assert old.lost.cascades == {"down": "up"}
    assert any("8.4.3 does not log" in note for note in old.plan.notes)
    # What the server wrote is not known where it cannot be asked, and that is said.
    unknown = preview_at(down(shop), full.id, parse_moment(then.time))
    assert "not known" in unknown.lost.unknown and unknown.lost.rows["up"] == RowCounts(inserted=2)
    execute(sql, "DROP TABLE down, up")


def _loaded(one: World) -> World:
    """As a dump may bring it back: with collations written out that were a default."""
    tables = {name: without_defaults(text) for name, text in one.schema["tables"].items()}
    return replace(one, schema={**one.schema, "tables": tables})


def test_a_dump_is_taken_further_without_what_was_done_to_other_databases(
    shop, origin, sql, write, remember, open_at
):
    dumped = replace(shop, backup_engine="mysqldump")
    full = make_full_backup(dumped).manifest
    assert full.engine == "mysqldump"
    write("here")
    other = quoted("o_ther%")
    execute(sql, f"CREATE DATABASE {other}")
    execute(sql, f"CREATE TABLE {other}.t (id INT PRIMARY KEY)")
    execute(sql, f"INSERT INTO {other}.t VALUES (1)")
    execute(sql, f"CREATE PROCEDURE {other}.p() SELECT 1")
    execute(sql, f"CREATE EVENT {other}.e ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1")
    execute(sql, f"CREATE TRIGGER {other}.g BEFORE INSERT ON {other}.t FOR EACH ROW SET @a = 1")
    execute(sql, "CREATE USER IF NOT EXISTS 'u'@'localhost'")
    execute(sql, "GRANT SELECT ON shop.* TO 'u'@'localhost'")
    execute(sql, f"USE {other}")
    execute(sql, f"INSERT INTO {DATABASE}.log (v) VALUES ('from elsewhere')")
    execute(sql, f"CREATE TABLE {DATABASE}.from_elsewhere (id INT PRIMARY KEY)")
    execute(sql, f"CREATE EVENT {DATABASE}.e2 ON SCHEDULE EVERY 1 DAY DISABLE DO SELECT 1")
    execute(sql, f"USE {DATABASE}")
    make_incremental_backup(dumped)
    write("on the server")
    then = remember()
    execute(sql, f"DROP DATABASE {other}")
    opened = open_at(parse_moment(then.time), full.id, target=dumped)
    assert _loaded(world(opened.server.endpoint, DATABASE)) == _loaded(then.world)
    with opened.server.connect() as connection:
        assert ("o_ther%",) not in rows(connection, "SHOW DATABASES")
    execute(sql, "DROP TABLE from_elsewhere")
    execute(sql, "DROP EVENT e2")
