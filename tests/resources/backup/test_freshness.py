"""How old the newest proven backup is, and what does not count."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from resources.backup.elapsed import elapsed
from resources.backup.entry import Entry
from resources.backup.freshness import freshness, freshness_anywhere
from resources.backup.freshness_event import freshness_event
from resources.backup.index import look
from resources.backup.manifest import Proof
from resources.backup.standing import record_proof
from resources.backup.verify import newest_backup
from resources.errors import NoSuchBackupError
from resources.mysql.connection import value
from resources.mysql.endpoint import Endpoint
from resources.target import Target
from tests.resources.backup.test_manifest import MANIFEST
from tests.resources.backup.test_retention import add as add

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
HERE = Path("/nowhere")
TARGET = Target(Endpoint("h", 1, "u", "p"), MANIFEST.database, HERE, HERE, HERE, HERE, backup_max_age=3600.0)

FAILED = Proof(False, "2026-11-23T11:00:00.000Z", "here", 1.0, "FAILED: rows differ", "archive")


@pytest.fixture
def storage(target, tmp_path) -> Path:
    (tmp_path / "source").mkdir()
    (tmp_path / "source" / "data").write_bytes(b"rows" * 1000)
    return target.storage


def entry(number: int, minutes: float, **more: object) -> Entry:
    """One that was begun so many minutes before NOON."""
    made = (NOON - timedelta(minutes=minutes)).isoformat()
    return replace(
        Entry.of(MANIFEST, "0" * 64), id=f"20261123T110000Z-{number:04d}-full", timestamp=made, **more
    )


def test_the_newest_proven_one_counts():
    found = freshness(TARGET, [entry(1, 200), entry(2, 30)], NOON)
    assert found.is_fresh and found.age == 1800 and found.newest and found.newest.id.endswith("0002-full")
    assert str(found) == "the newest proven full backup, 20261123T110000Z-0002-full, is 30 min old"


@pytest.mark.parametrize(
    "more",
    [
        {"proof": Proof(False, "", "", 0.0, "not proven")},
        {"type": "incremental"},
        {"database": "another"},
        {"server_uuid": "another"},
    ],
)
def test_what_is_not_proven_not_full_or_not_of_this_database_does_not(more):
    found = freshness(TARGET, [entry(1, 90), entry(2, 1, **more)], NOON, MANIFEST.server_uuid)
    assert not found.is_fresh and found.age == 5400
    assert str(found).endswith("is 1 h 30 min old; BACKUP_MAX_AGE is 1 h 0 min")


def test_a_backup_of_another_server_counts_only_while_this_one_cannot_be_asked(target, server, add):
    with server.connect() as admin:
        uuid = str(value(admin, "SELECT @@server_uuid"))
    now = datetime.now(UTC).isoformat()
    shop = replace(target, database=MANIFEST.database)
    theirs = add(1, timestamp_text=now, server_uuid="another")
    entries = look(shop.storage).entries
    found = freshness_anywhere(shop, entries)
    assert not found.is_fresh and found.newest is None
    assert str(found) == "there is no proven full backup of this server, only of another"
    assert freshness_event(shop).state == "missing"
    with pytest.raises(NoSuchBackupError, match="another server"):
        newest_backup(shop)
    away = replace(shop, endpoint=replace(shop.endpoint, port=1))
    assert freshness_anywhere(away, entries).is_fresh and newest_backup(away).id == theirs.id

    ours = add(2, timestamp_text=now, server_uuid=uuid)
    record_proof(shop.storage / add(3, timestamp_text=now, server_uuid="another").id, FAILED)
    assert freshness_event(shop).state == "fresh", "the newer one that failed is not this server's"
    found = freshness_anywhere(shop, look(shop.storage).entries)
    assert found.is_fresh and found.newest and found.newest.id == ours.id
    assert newest_backup(shop).id == ours.id


def test_none_at_all_is_not_fresh():
    assert not freshness(TARGET, [], NOON).is_fresh
    assert str(freshness(TARGET, [], NOON)) == "there is no proven full backup"


def test_one_from_the_future_is_not_fresh_because_a_clock_is_wrong():
    found = freshness(TARGET, [entry(1, -10)], NOON)
    assert not found.is_fresh and "10 min ahead of the clock" in str(found)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(None, ""), (0, "0 s"), (59.4, "59 s"), (60, "1 min"), (3660, "1 h 1 min"), (90000, "1 d 1 h")],
)
def test_ages_are_said_as_a_person_says_them(seconds, text):
    assert elapsed(seconds) == text
