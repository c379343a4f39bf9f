"""What a dump cannot keep: refused by name, and by name accepted; and nothing else is accepted with it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from resources.backup import by_dump
from resources.backup.catalog import list_backups, load_manifest
from resources.backup.kept_digest import kept_digest
from resources.backup.lossy import lossy_columns
from resources.backup.make import make_full_backup
from resources.backup.open import open_backup
from resources.backup.verify import verify_backup
from resources.errors import BackupFailedError
from resources.mysql.connection import execute, rows
from resources.rollback.restore import restore_backup
from resources.rollback.wish import Wish
from tests.resources.backup.conftest import leftovers

pytestmark = pytest.mark.slow
TYPED = "JSON_OBJECT('on', JSON_ARRAY(CAST('2024-02-29' AS DATE)), 'price', CAST(12345.67 AS DECIMAL(10,2)))"


@pytest.fixture
def shop(target, connection):
    """A FLOAT that six digits do not hold, JSON with a date deep inside, and what every dump keeps."""
    execute(
        connection,
        "CREATE TABLE floats (id INT NOT NULL PRIMARY KEY, ratio FLOAT, at TIMESTAMP NULL, data BLOB,"
        " twice DOUBLE AS (ratio * 2) STORED)",
    )
    execute(
        connection,
        "INSERT INTO floats (id, ratio, at, data) VALUES"
        " (1, 16777217, '2026-11-26 01:02:03', x'00ff27'), (2, NULL, NULL, NULL)",
    )
    execute(connection, "CREATE TABLE typed (id INT NOT NULL PRIMARY KEY, body JSON)")
    execute(connection, f"INSERT INTO typed VALUES (1, '{{\"a\": 1.5}}'), (2, {TYPED}), (3, NULL)")
    execute(connection, "CREATE TABLE plain (id INT NOT NULL PRIMARY KEY, body JSON, half FLOAT)")
    execute(connection, 'INSERT INTO plain VALUES (1, \'{"a": [1, 2.5, null, true, "x"]}\', 0.5)')
    return replace(target, backup_engine="mysqldump")


@pytest.fixture
def accepting(shop):
    return replace(shop, accept_lossy=frozenset({"floats", "typed"}))


def test_all_that_would_be_lost_is_named_by_table_and_column_and_nothing_is_stored(shop):
    with pytest.raises(BackupFailedError, match="does not hold what the database holds") as error:
        make_full_backup(shop)
    assert error.value.where == "`typed`, `floats`"
    assert "ratio (FLOAT)" in error.value.why and "body (JSON)" in error.value.why
    assert "`plain`" not in str(error.value)
    assert "BACKUP_ACCEPT_LOSSY=typed,floats" in error.value.hint
    assert list_backups(shop.storage) == [] and leftovers(shop) == []


def test_one_that_is_not_accepted_still_fails(shop):
    with pytest.raises(BackupFailedError) as error:
        make_full_backup(replace(shop, accept_lossy=frozenset({"floats", "plain"})))
    assert error.value.where == "`typed`" and "body (JSON)" in error.value.why
    assert list_backups(shop.storage) == []


def test_accepted_by_name_it_is_proven_and_the_manifest_says_what_was_lost(accepting, tmp_path):
    manifest = make_full_backup(accepting).manifest
    assert manifest.proof.proven and "(2 notes)" in manifest.proof.result
    stored = load_manifest(accepting.storage, manifest.id)
    assert stored.notes == (
        "`floats`: mysqldump shortens FLOAT values: ratio (FLOAT); accepted by BACKUP_ACCEPT_LOSSY",
        "`typed`: mysqldump changes types inside JSON: body (JSON); accepted by BACKUP_ACCEPT_LOSSY",
    )
    assert verify_backup(accepting, manifest.id).proof.proven
    opened = open_backup(accepting, manifest.id, tmp_path / "opened")
    try:
        with opened.connect(accepting.database) as there:
            assert rows(there, "SELECT CAST(ratio AS DOUBLE) FROM floats WHERE id = 1") == [(16777200.0,)]
            assert rows(there, "SELECT JSON_TYPE(body->'$.on[0]') FROM typed WHERE id = 2") == [("STRING",)]
    finally:
        opened.discard()


def test_such_a_backup_restores_although_its_rows_are_no_longer_the_sources(accepting, connection):
    manifest = make_full_backup(accepting).manifest
    execute(connection, "DELETE FROM floats")
    restore_backup(accepting, manifest.id, Wish(accept_loss=True))
    assert rows(connection, "SELECT id, CAST(ratio AS DOUBLE) FROM floats") == [(1, 16777200.0), (2, None)]


def test_without_a_proof_nothing_is_refused_and_what_may_be_lost_is_noted(shop):
    manifest = make_full_backup(shop, proof="none").manifest
    assert not manifest.proof.proven
    assert "`floats`: not compared; mysqldump shortens FLOAT values: ratio (FLOAT)" in manifest.notes
    assert any(note.startswith("`typed`") and "body (JSON)" in note for note in manifest.notes)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ("DELETE FROM floats WHERE id = 2", "2 rows became 1"),
        ("UPDATE floats SET data = x'00ff28' WHERE id = 1", "values differ beside ratio (FLOAT)"),
        ("UPDATE floats SET at = '2026-11-26 01:02:04' WHERE id = 1", "values differ beside"),
        ("UPDATE floats SET ratio = 1 WHERE id = 1", "values differ beside"),
        ("UPDATE typed SET body = '{\"a\": 1.25}' WHERE id = 1", "values differ beside body (JSON)"),
    ],
)
def test_another_loss_in_an_accepted_table_is_not_accepted(accepting, monkeypatch, change, why):
    real = by_dump.load

    def lossy_load(engine, target, server, *more):
        real(engine, target, server, *more)
        with server.connect(target.database) as there:
            execute(there, change)

    monkeypatch.setattr(by_dump, "load", lossy_load)
    with pytest.raises(BackupFailedError, match="does not hold") as error:
        make_full_backup(accepting)
    assert why in error.value.why and "BACKUP_ACCEPT_LOSSY does not accept" in error.value.why
    assert "accept that loss by name" not in error.value.hint
    assert list_backups(accepting.storage) == [] and leftovers(accepting) == []


def test_a_double_of_minus_zero_is_named_with_its_column_and_the_reason_and_accepted_by_name(
    target, connection, tmp_path, monkeypatch
):
    execute(connection, "CREATE TABLE zeros (id INT PRIMARY KEY, warm DOUBLE, cold DOUBLE, word VARCHAR(9))")
    execute(connection, "INSERT INTO zeros VALUES (1, 0, 1.5, 'a'), (2, -2.5, -0e0, NULL), (3, NULL, 0, 'c')")
    dumped = replace(target, backup_engine="mysqldump")
    with pytest.raises(BackupFailedError, match="does not hold") as error:
        make_full_backup(dumped)
    assert error.value.where == "`zeros`"
    assert "cold (DOUBLE): mysqldump turns minus zero in a DOUBLE into zero" in error.value.why
    assert "warm" not in error.value.why
    assert "--accept-lossy zeros, or BACKUP_ACCEPT_LOSSY=zeros" in error.value.hint
    accepting = replace(dumped, accept_lossy=frozenset({"zeros"}))
    manifest = make_full_backup(accepting).manifest
    assert manifest.notes == (
        "`zeros`: mysqldump turns minus zero in a DOUBLE into zero: cold (DOUBLE);"
        " accepted by BACKUP_ACCEPT_LOSSY",
    )
    opened = open_backup(accepting, manifest.id, tmp_path / "opened")
    try:
        with opened.connect(accepting.database) as there:
            found = rows(there, "SELECT id, CAST(cold AS CHAR), warm, word FROM zeros ORDER BY id")
            assert found == [(1, "1.5", 0.0, "a"), (2, "0", -2.5, None), (3, "0", None, "c")]
    finally:
        opened.discard()

    execute(connection, "UPDATE zeros SET cold = 0")
    real = by_dump.load

    def lossy_load(engine, target, server, *more):
        real(engine, target, server, *more)
        with server.connect(target.database) as there:
            execute(there, "UPDATE zeros SET word = 'b' WHERE id = 1")

    monkeypatch.setattr(by_dump, "load", lossy_load)
    with pytest.raises(BackupFailedError) as error:
        make_full_backup(dumped)
    assert error.value.why == "`zeros`: values changed in word, by a loss that dbsync does not know"
    assert len(list_backups(dumped.storage)) == 1


def test_only_json_columns_with_values_that_text_does_not_bring_back_are_lossy(shop, connection):
    found = lossy_columns(shop.endpoint, shop.database, "mysqldump")
    assert found == {
        "floats": {"ratio": "float"},
        "plain": {"half": "float"},
        "typed": {"body": "json"},
    }
    # One in the last of many documents, at the top, and of each kind.
    for value in (
        "CAST(CAST('10:00' AS TIME) AS JSON)",
        "CAST(1.5 AS JSON)",
        "JSON_ARRAY(JSON_ARRAY(CAST('x' AS BINARY)))",
        "JSON_OBJECT('a', b'101')",
    ):
        execute(connection, "DELETE FROM typed")
        execute(connection, "INSERT INTO typed SELECT id, '[1, {}]' FROM (SELECT 1 id UNION SELECT 2) few")
        assert "typed" not in lossy_columns(shop.endpoint, shop.database, "mysqldump")
        execute(connection, f"INSERT INTO typed VALUES (3, {value})")
        assert "typed" in lossy_columns(shop.endpoint, shop.database, "mysqldump"), value


def test_the_values_of_invisible_columns_count_only_against_mydumper(shop, connection):
    execute(connection, "CREATE TABLE secret (id INT PRIMARY KEY, hidden INT DEFAULT 7 INVISIBLE)")
    execute(connection, "INSERT INTO secret (id, hidden) VALUES (1, 42)")
    assert "secret" not in lossy_columns(shop.endpoint, shop.database, "mysqldump")
    assert lossy_columns(shop.endpoint, shop.database, "mydumper")["secret"] == {"hidden": "invisible"}
    was = kept_digest(shop.endpoint, shop.database, "secret", ["hidden"])
    whole = kept_digest(shop.endpoint, shop.database, "secret")
    execute(connection, "UPDATE secret SET hidden = 7")
    assert kept_digest(shop.endpoint, shop.database, "secret", ["hidden"]) == was
    assert kept_digest(shop.endpoint, shop.database, "secret") != whole


def test_rows_that_are_there_twice_are_counted_by_the_digest_too(shop, connection):
    execute(connection, "CREATE TABLE twins (n INT, t VARCHAR(9))")
    execute(connection, "INSERT INTO twins VALUES (1, 'a'), (1, 'a'), (2, NULL)")
    was = kept_digest(shop.endpoint, shop.database, "twins")
    execute(connection, "UPDATE twins SET n = 3 WHERE n = 1")
    assert kept_digest(shop.endpoint, shop.database, "twins") != was
    execute(connection, "UPDATE twins SET n = 1, t = NULL WHERE n = 2")
    assert kept_digest(shop.endpoint, shop.database, "twins").rows == 3
