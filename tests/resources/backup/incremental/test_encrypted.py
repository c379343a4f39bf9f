"""Increments with BACKUP_AGE_RECIPIENT: nothing readable is stored, and they still restore."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.incremental.make import make_incremental_backup
from resources.backup.open import open_backup
from resources.backup.verify import verify_backup
from resources.errors import BackupKeyError
from resources.mysql.connection import rows
from tests.support.age_keys import key_pair

pytestmark = pytest.mark.slow

SECRET = "the-words-of-a-customer"


def test_an_increment_is_stored_encrypted_and_restores_with_the_key_only(shop, write, sql, tmp_path):
    keys = key_pair(tmp_path / "key.txt")
    sealed = replace(shop, age_recipients=(keys.recipient,), age_identity=keys.path)
    write(SECRET)
    made = make_incremental_backup(sealed)
    stored = [path for path in (Path(made.file_path) / "files").rglob("*") if path.is_file()]
    assert made.encryption == "age" and stored
    for path in stored:
        data = path.read_bytes()
        assert data.startswith(b"age-encryption.org/v1\n") and SECRET.encode() not in data
    assert verify_backup(sealed, made.id).proof.proven
    with pytest.raises(BackupKeyError):
        verify_backup(replace(sealed, age_identity=None), made.id)
    opened = open_backup(sealed, made.id, tmp_path / "opened")
    try:
        with opened.connect(sealed.database) as copy:
            assert rows(copy, "SELECT * FROM log") == rows(sql, "SELECT * FROM log")
    finally:
        opened.discard()


def test_an_increment_that_could_not_be_read_back_is_not_begun(shop, write, tmp_path):
    keys = key_pair(tmp_path / "key.txt")
    write(SECRET)
    before = sorted(path.name for path in shop.storage.iterdir())
    with pytest.raises(BackupKeyError) as refused:
        make_incremental_backup(replace(shop, age_recipients=(keys.recipient,)))
    assert "reading back the binary logs" in refused.value.what and "a dump" not in str(refused.value)
    assert sorted(path.name for path in shop.storage.iterdir()) == before
