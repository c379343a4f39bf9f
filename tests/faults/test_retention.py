"""FAULTS 13: every newer backup is corrupt. The last verified one is kept, and so is the minimum."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from resources.backup.make import make_full_backup

pytestmark = pytest.mark.slow


def flip(path: Path) -> None:
    """One bit; the length stays."""
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def largest(folder: Path) -> Path:
    return max(
        (path for path in (folder / "files").rglob("*") if path.is_file()), key=lambda p: p.stat().st_size
    )


@pytest.fixture
def three(project, target) -> list[Path]:
    """Three backups, oldest first."""
    target = replace(target, storage=project.storage, state=project.folder / ".dbsync")
    for _ in range(3):
        make_full_backup(target)
    return sorted(project.storage.glob("*-full"))


@pytest.mark.parametrize("part", ["data", "manifest", "length"])
def test_all_newer_ones_corrupt_keeps_the_last_good_one(project, three, part):
    for folder in three[1:]:
        if part == "data":
            flip(largest(folder))
        elif part == "manifest":
            flip(folder / "manifest.json")
        else:
            largest(folder).write_bytes(b"")
    code, report = project.report("backups", "prune", BACKUP_KEEP="1")
    assert (code, report["removed"]) == (0, [])
    newest_bad = three[2].name
    assert newest_bad in report["refusal"]
    assert sorted(project.storage.glob("*-full")) == three, "not even the corrupt ones: they are evidence"
    verified = project.run("backups", "verify", three[0].name)
    assert verified.returncode == 0, verified.stderr


def test_a_new_good_backup_does_not_push_the_only_other_good_ones_below_the_minimum(project, three):
    """One of two that must stay has rotted: the older good ones stay too."""
    flip(largest(three[2]))
    assert project.run("backup", BACKUP_KEEP="1", BACKUP_MIN_PROVEN="2").returncode == 0
    left = sorted(project.storage.glob("*-full"))
    assert left[:3] == three and len(left) == 4
    for folder in (*three[:2], left[3]):
        assert project.run("backups", "verify", folder.name).returncode == 0


def test_prune_shows_its_reasons_and_a_dry_run_touches_nothing(project, three):
    before = sorted(project.storage.rglob("*"))
    shown = project.run("backups", "prune", "--dry-run", BACKUP_KEEP="1", BACKUP_MIN_PROVEN="2")
    assert shown.returncode == 0, shown.stderr
    lines = [line for line in shown.stdout.splitlines() if "-full" in line]
    assert [("removed" in line, "kept" in line.split("│")[2]) for line in lines] == [
        (True, False),
        (False, True),
        (False, True),
    ]
    assert "a newer good one is kept" in lines[0]
    assert "one of the 2 proven ones that must stay" in lines[1]
    assert "newest" in lines[2]
    assert sorted(project.storage.rglob("*")) == before

    done = project.run("backups", "prune", BACKUP_KEEP="1", BACKUP_MIN_PROVEN="2")
    assert done.returncode == 0, done.stderr
    assert sorted(project.storage.glob("*-full")) == three[1:]
    listed = json.loads((project.storage / "catalog.json").read_text())["backups"]
    assert [one["id"] for one in listed] == [folder.name for folder in three[1:]]


def test_a_damaged_index_changes_no_list_and_reindex_repairs_it(project, three):
    _, truth = project.report("backups", "list")
    flip(project.storage / "catalog.json")
    done = project.run("backups", "list", "--json")
    assert json.loads(done.stdout) == truth
    assert "catalog" not in done.stdout and "was damaged" in done.stderr and "sha256" in done.stderr
    (project.storage / "catalog.json").unlink()
    code, report = project.report("backups", "reindex")
    assert (code, report["backups"], report["index_before"]) == (0, 3, "missing")
    again = project.run("backups", "list", "--json")
    assert json.loads(again.stdout) == truth and "index" not in again.stderr
