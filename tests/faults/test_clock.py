"""FAULTS 12: the clock goes back an hour, summer time ends, the time zone changes.

Ids stay unique and ordered, and retention deletes nothing while age cannot be told.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from resources.backup import proof, retention, storage
from resources.backup.catalog import list_backups
from resources.backup.make import make_full_backup
from resources.backup.stored_files import verify_files
from resources.mysql.connection import execute
from resources.target import Keep, Target

pytestmark = pytest.mark.slow


@pytest.fixture
def small(target, connection) -> Target:
    execute(connection, "CREATE TABLE a (id INT PRIMARY KEY)")
    execute(connection, "INSERT INTO a VALUES (1), (2)")
    return replace(target, keep=Keep(last=1))


@pytest.fixture
def set_clock(monkeypatch) -> Callable[[datetime], None]:
    """The clock that backups are dated by, set to a moment from which it goes on."""

    def put(moment: datetime) -> None:
        begun = time.monotonic()

        class Clock(datetime):
            @classmethod
            def now(cls, tz=None):
                return (moment + timedelta(seconds=time.monotonic() - begun)).astimezone(tz)

        for module in (storage, proof, retention):
            monkeypatch.setattr(module, "datetime", Clock)

    return put


@pytest.fixture
def zone(monkeypatch):
    """The process's time zone, as a person or a system update would change it."""

    def put(name: str) -> None:
        monkeypatch.setenv("TZ", name)
        time.tzset()

    yield put
    monkeypatch.undo()
    time.tzset()


def backups(target: Target) -> list[str]:
    return [one.id for one in list_backups(target.storage)]


def test_an_hour_back_gives_unique_ordered_ids_and_nothing_is_removed(small, set_clock, said):
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    made = []
    for moment in (noon, noon + timedelta(hours=1), noon, noon + timedelta(minutes=1)):
        set_clock(moment)
        made.append(make_full_backup(small).manifest.id)
        said.lines.append("--")
    assert len(set(made)) == 4 and made == sorted(made)
    # The first made way for the second, in good order; after the jump none went.
    assert backups(small) == made[1:]
    assert sum("the clock was set back" in line for line in said.lines) == 2
    for one in made[1:]:
        verify_files(small.storage, one)


def test_retention_goes_on_when_the_clock_is_past_where_it_was_set_back(small, set_clock, said):
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    for moment in (noon, noon - timedelta(hours=1), noon + timedelta(minutes=1)):
        set_clock(moment)
        made = make_full_backup(small).manifest.id
    assert sum("the clock was set back" in line for line in said.lines) == 1
    assert backups(small) == [made]
    verify_files(small.storage, made)


def test_the_hour_that_comes_twice_when_summer_time_ends_is_two_hours(small, set_clock, zone):
    zone("Europe/Berlin")
    berlin = ZoneInfo("Europe/Berlin")
    once = datetime(2026, 10, 25, 2, 30, tzinfo=berlin, fold=0)
    again = once.replace(fold=1)
    assert once.strftime("%H:%M") == again.strftime("%H:%M")
    made = []
    for moment in (once, again):
        set_clock(moment.astimezone(UTC))
        made.append(make_full_backup(replace(small, keep=Keep(last=7))).manifest.id)
    assert made == ["20261025T003000Z-0001-full", "20261025T013000Z-0001-full"]
    assert backups(small) == made


def test_another_time_zone_is_no_jump(small, zone):
    made = []
    for name in ("Asia/Shanghai", "America/Los_Angeles", "UTC"):
        zone(name)
        made.append(make_full_backup(small).manifest.id)
        assert backups(small) == [made[-1]], "retention goes on as ever: nothing is older or newer for it"
    assert made == sorted(made) and len(set(made)) == 3


def test_a_clock_that_was_a_year_ahead_for_one_backup_costs_none_of_the_others(small, set_clock, said):
    keeping = replace(small, keep=Keep(last=2, daily=2))
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)
    made = []
    for moment in (noon, noon + timedelta(days=1), noon + timedelta(days=400), noon + timedelta(days=2)):
        set_clock(moment)
        made.append(make_full_backup(keeping).manifest.id)
    assert made == sorted(made) and len(set(made)) == 4
    assert backups(keeping) == made[1:], "the first went by the rules: two newer days have one"
    assert any(made[3] in line and "clock was set back" in line for line in said.lines)
