"""Reports are kept beside each other, and not for ever."""

from __future__ import annotations

from resources.html.report import KEPT, write_report


def test_the_oldest_of_a_kind_go_and_no_other_file_does(tmp_path):
    folder = tmp_path / "reports"
    folder.mkdir()
    old = [folder / f"validation-20250101T{number:06d}Z-00000000.html" for number in range(KEPT)]
    others = [folder / "health-20240101T000000Z-00000000.html", folder / "mine.html"]
    for path in (*old, *others):
        path.touch()
    new = write_report(tmp_path, "validation", lambda at: "fresh")
    assert new.read_text() == "fresh"
    assert set(folder.iterdir()) == {*old[1:], *others, new}
