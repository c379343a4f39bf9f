"""Contents on which backups have failed elsewhere, restored equal by each engine."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resources.backup.make import make_full_backup
from resources.backup.open import open_backup
from resources.mysql.connection import execute, rows
from tests.resources.backup.conftest import world

pytestmark = pytest.mark.slow
LARGE = 60_000_000
"""Bytes of a value: more than mysqldump's own max_allowed_packet, and as text more than a server's."""
GONE = "`gone`@`nowhere.invalid`"


@pytest.mark.parametrize("engine", ["clone", "mysqldump"])
def test_a_row_that_is_larger_than_a_packet_comes_back_equal(target, connection, tmp_path, engine):
    execute(connection, "CREATE TABLE large (id INT NOT NULL PRIMARY KEY, data LONGBLOB, text LONGTEXT)")
    execute(
        connection, f"INSERT INTO large VALUES (1, REPEAT(x'00ff2722', {LARGE // 4}), 'x'), (2, '', NULL)"
    )
    was = world(target.endpoint, target.database)
    on = replace(target, backup_engine=engine)
    manifest = make_full_backup(on).manifest
    assert manifest.engine == engine and manifest.proof.proven and manifest.tables == was.digests
    opened = open_backup(on, manifest.id, tmp_path / "opened")
    try:
        assert world(opened.endpoint, target.database) == was
        with opened.connect(target.database) as there:
            assert rows(there, "SELECT LENGTH(data) FROM large ORDER BY id") == [(LARGE,), (0,)]
    finally:
        opened.discard()


@pytest.fixture
def orphaned(target, connection):
    """A view, a trigger, a routine and an event of an account that no longer exists."""
    execute(connection, "CREATE TABLE t (id INT NOT NULL PRIMARY KEY)")
    execute(connection, "INSERT INTO t VALUES (1)")
    for statement in (
        f"CREATE DEFINER={GONE} VIEW seen AS SELECT id FROM t",
        f"CREATE DEFINER={GONE} TRIGGER made BEFORE DELETE ON t FOR EACH ROW SET @x = 1",
        f"CREATE DEFINER={GONE} FUNCTION one() RETURNS INT DETERMINISTIC NO SQL RETURN 1",
        f"CREATE DEFINER={GONE} EVENT nightly ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM t",
    ):
        execute(connection, statement)
    return target


@pytest.mark.parametrize("engine", ["clone", "mysqldump"])
def test_objects_of_an_account_that_is_gone_come_back_with_their_definer(orphaned, tmp_path, engine):
    was = world(orphaned.endpoint, orphaned.database)
    on = replace(orphaned, backup_engine=engine)
    manifest = make_full_backup(on).manifest
    assert manifest.engine == engine and manifest.proof.proven
    for kind in ("views", "triggers", "routines", "events"):
        assert "gone" in str(was.schema[kind]), kind
    opened = open_backup(on, manifest.id, tmp_path / "opened")
    try:
        assert world(opened.endpoint, orphaned.database) == was
    finally:
        opened.discard()
