"""The picture is small enough to be shown in the page, well-formed, and true."""

from __future__ import annotations

import re
from dataclasses import replace
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

from dbsync_assets.backup_picture import LAST, picture
from dbsync_assets.picture import LONGEST
from resources.backup.entry import Entry
from resources.backup.manifest import Proof
from tests.resources.backup.test_manifest import MANIFEST


def entries(sizes: list[int], *, unproven: tuple[int, ...] = (), type: str = "full") -> list[Entry]:
    return [
        replace(
            Entry.of(MANIFEST, "0" * 64),
            timestamp=f"2026-{1 + number // 28:02d}-{1 + number % 28:02d}T12:00:00.000Z",
            size=size,
            type=type,
            proof=Proof(number not in unproven, "", "", size / 1e6, ""),
        )
        for number, size in enumerate(sizes)
    ]


def drawn(markdown: str) -> ElementTree.Element:
    match = re.fullmatch(r"!\[[^]]*\]\(data:image/svg\+xml,([^()\s\"<>]*)\)", markdown)
    assert match, markdown
    return ElementTree.fromstring(unquote(match[1]))


@pytest.mark.parametrize("count", [2, 5, 16, 200])
@pytest.mark.parametrize("scale", [1, 10**6, 999_999_999_999])
@pytest.mark.parametrize("unproven", [(), (1, 3), tuple(range(200))])
def test_it_is_shown_in_the_page_whatever_the_figures(count, scale, unproven):
    text = picture(entries([scale * (number % 7) for number in range(count)], unproven=unproven))
    assert 0 < len(text) <= LONGEST
    assert drawn(text).tag.endswith("svg")


def test_bars_are_as_tall_as_the_figures_and_unproven_ones_are_orange():
    image = drawn(picture(entries([1_000_000, 2_000_000, 4_000_000], unproven=(1,))))
    paths = [element.attrib for element in image if element.tag.endswith("path")]
    tall = {
        (one["stroke"], number): int(height)
        for one in paths[:2]
        for number, height in enumerate(re.findall(r"v-(\d+)", one["d"]))
    }
    assert tall == {("steelblue", 0): 12, ("steelblue", 1): 50, ("orange", 0): 25}
    words = " ".join(element.text or "" for element in image if element.tag.endswith("text"))
    assert "stored MB, up to 4" in words and "orange: not proven" in words and "2026-01-03 12:00 UTC" in words


def test_the_newest_are_shown():
    image = drawn(picture(entries([10] * 100)))
    words = " ".join(element.text or "" for element in image if element.tag.endswith("text"))
    assert "to 2026-04-16" in words
    first = next(element.attrib["d"] for element in image if element.tag.endswith("path"))
    assert 10 <= first.count("M") <= LAST


@pytest.mark.parametrize("found", [[], entries([1]), entries([1, 2, 3], type="incremental")])
def test_below_two_full_backups_there_is_nothing_to_look_at(found):
    assert picture(found) == ""
