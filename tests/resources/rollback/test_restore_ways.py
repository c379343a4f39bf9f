"""A whole database comes back as files or row by row; which one, and what follows from it, is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resources.backup.incremental.make import make_incremental_backup
from resources.backup.make import make_full_backup
from resources.backup.moment.moment import Moment
from resources.errors import ChainBrokenError, MomentError, RestoreFailedError
from resources.mysql.connection import execute, value
from resources.rollback.journey import FILES, ROW_EVENTS
from resources.rollback.restore import restore_backup
from resources.rollback.side import leftovers
from resources.rollback.wish import Wish

pytestmark = pytest.mark.slow

ACCEPTED = Wish(accept_loss=True)


@pytest.fixture
def backup_id(shop, target) -> str:
    # Its index is not right after an import, so this one must go by rows.
    execute(shop, "CREATE TABLE words (id INT PRIMARY KEY, v TEXT, FULLTEXT KEY (v))")
    execute(shop, "INSERT INTO words VALUES (1, 'hello world')")
    made = make_full_backup(target).manifest.id
    execute(shop, "DELETE FROM child")
    execute(shop, "UPDATE words SET v = 'nothing'")
    return made


@pytest.fixture
def was(shop, world, backup_id):
    """What the backup holds; the database is left changed."""
    execute(shop, "INSERT INTO child (id, item_id) VALUES (1, 1), (2, 2)")
    execute(shop, "UPDATE words SET v = 'hello world'")
    before = world()
    execute(shop, "DELETE FROM child")
    execute(shop, "DELETE FROM words")
    execute(shop, "DROP PROCEDURE count_items")
    return before


def _is_found(shop) -> bool:
    return value(shop, "SELECT COUNT(*) FROM words WHERE MATCH (v) AGAINST ('hello')") == 1


def test_tables_come_back_as_files_where_the_servers_folder_can_be_reached(
    shop, target, world, was, backup_id
):
    execute(shop, "CREATE PROCEDURE count_items() SELECT 'é', COUNT(*) FROM item")
    result = restore_backup(target, backup_id, ACCEPTED)
    assert world() == was and _is_found(shop)
    assert FILES in result.carrier and ROW_EVENTS in result.carrier
    assert any("`words` is put back row by row: it has a FULLTEXT index" in note for note in result.notes)
    assert any("new full backup" in note for note in result.notes)
    for table in was.digests:
        checked = value(shop, f"SELECT COUNT(*) FROM `{table}`")
        assert checked == was.digests[table].rows


def test_row_by_row_where_that_is_wanted_and_the_binary_log_has_it_all(shop, target, world, was, backup_id):
    by_rows = replace(target, restore_way="rows")
    result = restore_backup(by_rows, backup_id, ACCEPTED)
    assert world().digests == was.digests and _is_found(shop)
    assert result.carrier == ROW_EVENTS
    execute(shop, "INSERT INTO child (item_id) VALUES (1)")
    after = world()
    increment = make_incremental_backup(by_rows)
    execute(shop, "DELETE FROM child")
    restore_backup(by_rows, increment.id, ACCEPTED)
    assert world().digests == after.digests


def test_nothing_is_built_on_a_log_that_lacks_the_rows_that_came_as_files(
    shop, target, world, was, backup_id
):
    restore_backup(target, backup_id, ACCEPTED)
    restored = world()
    with pytest.raises(ChainBrokenError, match="came as files") as refused:
        make_incremental_backup(target)
    assert refused.value.hint.startswith("dbsync backup ")
    with pytest.raises(MomentError, match="came as files"):
        restore_backup(target, backup_id, Wish(accept_loss=True, moment=Moment("latest")))
    assert world() == restored
    make_full_backup(target)
    execute(shop, "DELETE FROM child")
    increment = make_incremental_backup(target)
    assert increment.proof.proven


def test_another_servers_folder_of_the_same_name_is_not_taken(shop, target, world, was, backup_id, tmp_path):
    from resources.rollback import server_files

    real = server_files.rows

    def elsewhere(connection, sql, *more):
        found = real(connection, sql, *more)
        if "@@datadir" in sql:
            (tmp_path / "auto.cnf").write_text("server-uuid=of-another-one\n")
            return [(str(tmp_path), *found[0][1:])]
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(server_files, "rows", elsewhere)
        result = restore_backup(target, backup_id, ACCEPTED)
    assert world().digests == was.digests
    assert result.carrier == ROW_EVENTS
    assert any("is of another server" in note for note in result.notes)
    assert leftovers(shop, target.database) == [result.aside]


def test_a_row_that_no_statement_can_hold_is_refused_naming_the_setting_and_comes_back_with_it(
    shop, target, server, world
):
    execute(shop, "CREATE TABLE large (id INT PRIMARY KEY, v LONGBLOB)")
    execute(shop, "INSERT INTO large VALUES (1, REPEAT(x'27', 60000000))")
    before = world()
    by_rows = replace(target, restore_way="rows")
    made = make_full_backup(target).manifest.id
    execute(shop, "DELETE FROM large")
    changed = world()
    with pytest.raises(RestoreFailedError) as refused:
        restore_backup(by_rows, made, ACCEPTED)
    assert "max_allowed_packet = 67108864" in refused.value.where
    assert refused.value.hint.startswith("SET GLOBAL max_allowed_packet = ")
    assert world() == changed
    with server.connect() as admin:
        execute(admin, refused.value.hint.partition(";")[0])
    try:
        restore_backup(by_rows, made, ACCEPTED)
    finally:
        with server.connect() as admin:
            execute(admin, "SET GLOBAL max_allowed_packet = DEFAULT")
    assert world().digests == before.digests
