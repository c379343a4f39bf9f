"""How large the database was after each release, from the evidence files."""

from __future__ import annotations

import json

from resources.deployment.record import sizes_after_releases


def write(storage, name: str, **differing) -> None:
    record = {
        "target": "shop@here",
        "outcome": "released",
        "at": f"2026-11-{name}T12:00:00.000+00:00",
        "health": {"database": {"database_bytes": int(name)}},
    }
    (storage / "releases").mkdir(exist_ok=True)
    (storage / "releases" / f"202611{name}.json").write_text(json.dumps(record | differing))


def test_the_newest_releases_of_this_target_are_counted_oldest_first_and_other_files_passed_over(tmp_path):
    for day in range(10, 16):
        write(tmp_path, str(day))
    write(tmp_path, "16", outcome="rolled_back")
    write(tmp_path, "17", target="another@here")
    write(tmp_path, "18", health=None)
    write(tmp_path, "19", health={"database": {"reachable": True}})
    (tmp_path / "releases" / "20261120.json").write_text("a note")
    found = sizes_after_releases(tmp_path, "shop@here", 3)
    assert [(one.at.day, one.database_bytes) for one in found] == [(13, 13), (14, 14), (15, 15)]
    assert sizes_after_releases(tmp_path / "nowhere", "shop@here", 3) == []
