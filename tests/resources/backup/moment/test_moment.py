"""What can be asked for, and what is refused before anything is looked at."""

from __future__ import annotations

import pytest

from resources.backup.moment.moment import parse_moment
from resources.errors import MomentError, UsageError

UUID = "53c6ce34-e924-11f1-a487-02fc00000001"


@pytest.mark.parametrize(
    ("text", "utc"),
    [
        ("2026-11-23 14:05:00Z", "2026-11-23T14:05:00.000000Z"),
        ("2026-11-23T14:05:00+08:00", "2026-11-23T06:05:00.000000Z"),
        ("2026-11-23 14:05:00.25+00:00", "2026-11-23T14:05:00.250000Z"),
        (" 20261123T140500Z ", "2026-11-23T14:05:00.000000Z"),
    ],
)
def test_times_are_taken_with_their_zone(text, utc):
    moment = parse_moment(text)
    assert moment and str(moment) == utc


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23 14:05:00",
        "2026-11-23",
        "yesterday",
        "14:05Z",
        "2026-13-01T00:00Z",
    ],
)
def test_a_time_without_a_zone_or_sense_is_refused(text):
    with pytest.raises(UsageError) as error:
        parse_moment(text)
    assert "2026-11-23 14:05:00Z" in error.value.hint


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-05:00"])
def test_a_time_that_utc_has_no_year_for_is_no_moment(text):
    with pytest.raises(MomentError, match="no backup can be of") as error:
        parse_moment(text)
    assert text in error.value.what and "1 to 9999" in error.value.why


def test_only_one_moment_can_be_asked_for():
    with pytest.raises(UsageError):
        parse_moment("latest", to_gtid=f"{UUID}:1")
    with pytest.raises(UsageError, match="GTID"):
        parse_moment(to_gtid="latest")
    assert parse_moment() is None
