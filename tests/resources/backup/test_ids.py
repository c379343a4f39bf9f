from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from resources.backup.catalog import load_manifest
from resources.backup.ids import check_id, next_id
from resources.errors import NoSuchBackupError

NOON = datetime(2026, 11, 23, 12, 0, 0, tzinfo=UTC)
BAD = [
    "../../etc/x",
    "a/b",
    "..",
    ".",
    "",
    "%2e%2e",
    "20261123T101500Z-0001-full\0",
    "20261123T101500Z-0001-full\n",
    "20261123T101500Z-0001-full/",
    "20261123T101500Z-0001-full.partial",
    "２0261123T101500Z-0001-full",
    "x" * 300,
    "-rf",
]


def test_ids_sort_by_age_when_the_clock_goes_forward():
    ids: list[str] = []
    for hours in range(5):
        ids.append(next_id(ids, NOON + timedelta(hours=hours)))
    assert ids == sorted(ids)
    assert ids[0] == "20261123T120000Z-0001-full"


@pytest.mark.parametrize("jump", [timedelta(0), timedelta(hours=-1), timedelta(days=-400)])
def test_ids_stay_unique_and_ordered_when_the_clock_is_set_back(jump):
    ids = [next_id([], NOON)]
    for _ in range(3):
        ids.append(next_id(ids, NOON + jump))
    assert len(set(ids)) == 4
    assert ids == sorted(ids)


def test_more_backups_than_numbers_in_one_second_go_on_in_the_next():
    assert next_id(["20261123T120000Z-9999-full"], NOON) == "20261123T120001Z-0001-full"


def test_other_names_in_the_storage_do_not_matter():
    assert next_id(["journal", "zzz", "20261123T130000Z-0001-full.bak"], NOON) == "20261123T120000Z-0001-full"


def test_the_time_is_utc_whatever_the_zone():
    from zoneinfo import ZoneInfo

    local = NOON.astimezone(ZoneInfo("Asia/Shanghai"))
    assert next_id([], local) == next_id([], NOON)


@pytest.mark.parametrize("bad", BAD)
def test_what_is_no_id_is_refused_before_any_file_is_looked_at(bad, tmp_path):
    with pytest.raises(NoSuchBackupError) as error:
        load_manifest(tmp_path / "not" / "there", bad)
    assert len(error.value.what) < 200
    assert "\0" not in str(error.value) and "\n\n" not in str(error.value)
    with pytest.raises(NoSuchBackupError):
        check_id(bad)


def test_a_symlink_inside_the_storage_is_no_backup(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "20261123T120000Z-0001-full").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(NoSuchBackupError):
        load_manifest(tmp_path, "20261123T120000Z-0001-full")
