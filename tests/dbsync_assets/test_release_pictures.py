"""The pictures of releases: small enough to be shown in the page, well-formed, true, and cheap."""

from __future__ import annotations

import re
import time
from datetime import UTC, datetime, timedelta

import pytest

from dbsync_assets.picture import LONGEST, WIDTH
from dbsync_assets.release_pictures import LAST, growth, timeline
from resources.deployment.record import Size
from tests.dbsync_assets.test_backup_picture import drawn

PHASES = ("begin", "build", "history", "replay", "backup", "upload", "drift", "own rules", "confirm")
PHASES += ("apply", "application", "validate", "health", "rollback")
NOW = datetime(2026, 11, 26, 12, 0, tzinfo=UTC)


def sizes(*found: int) -> list[Size]:
    return [Size(NOW + timedelta(days=number), size) for number, size in enumerate(found)]


def words(image) -> list[str]:
    return [element.text for element in image if element.tag.endswith("text")]


def test_a_bar_lies_where_its_phase_lay_in_time():
    image = drawn(
        timeline({"begin": [(100.0, 101.0)], "apply": [(108.0, 109.0)], "backup": [(101.0, 108.0)]})
    )
    assert words(image) == ["begin 1.00 s", "backup 7.00 s", "apply 1.00 s", "9.00 s in all"]
    (path,) = [element.attrib["d"] for element in image if element.tag.endswith("path")]
    (first, one), (second, two), (third, three) = [
        (int(at), int(long)) for at, long in re.findall(r"M(\d+),\d+h(\d+)", path)
    ]
    assert (first + one, second + two) == pytest.approx((second, third), abs=2)
    assert two == pytest.approx(7 * one, abs=4) and third + three <= WIDTH


@pytest.mark.parametrize("scale", [0.001, 1.0, 86_400.0])
def test_however_many_phases_took_however_long_the_longest_are_shown_in_the_page(scale):
    spans = {phase: [(number * scale, (number * 2 + 1) * scale)] for number, phase in enumerate(PHASES)}
    text = timeline(spans)
    assert len(text) <= LONGEST
    shown = " ".join(words(drawn(text)))
    assert "rollback" in shown and "health" in shown and "orange" in text
    assert f"{(2 * len(PHASES) - 1) * scale:.2f} s in all" in shown
    assert timeline({}) == ""


def test_the_growth_is_drawn_from_two_releases_on():
    assert growth(sizes(1)) == ""
    image = drawn(growth(sizes(10_000_000, 20_000_000)))
    assert words(image)[0] == "database MB after a release, 10 to 20"
    (path,) = [element.attrib["d"] for element in image if element.tag.endswith("path")]
    assert re.findall(r"v-(\d+)", path) == ["25", "50"]
    assert 0 < len(growth(sizes(*[10**13] * 100))) <= LONGEST


def test_all_pictures_of_a_release_cost_it_less_than_30_ms():
    spans = {phase: [(float(number), number + 1.5)] for number, phase in enumerate(PHASES)}
    found = sizes(*range(10**9, 10**9 + LAST))
    took = []
    for _ in range(5):
        begun = time.perf_counter()
        timeline(spans)
        growth(found)
        took.append(time.perf_counter() - begun)
    assert min(took) < 0.03
