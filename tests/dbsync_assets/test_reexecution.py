"""Runs that Dagster starts again, on a real database: whole, or from where they failed."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from resources.settings import CHECKOUT
from tests.e2e.conftest import GOOD
from tests.e2e.conftest import empty_project as empty_project  # fixtures
from tests.e2e.conftest import project as project

pytestmark = pytest.mark.slow
LOSSY = ("20260301000000_forget_posts", "DELETE FROM `Post` WHERE `id` < 3;\n")
"""Applies well; the gate on row counts stops it."""


def runs(project, *arguments: str) -> list[dict]:
    home = project.folder / ".dbsync" / "dagster"
    home.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-P", "-m", "tests.support.rerun", *arguments],
        cwd=CHECKOUT,
        env=project.dagster_environment(home),
        capture_output=True,
        text=True,
        timeout=240,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads(done.stdout)


@pytest.fixture
def shop(project):
    """Its URL is in .env: each run reads the settings anew."""
    (project.folder / ".env").write_text(f"DATABASE_URL={project.url}\n")
    return project


def backups(project) -> list[str]:
    return sorted(path.name for path in project.storage.glob("2*"))


def test_after_a_rollback_from_failure_is_refused_and_the_whole_run_again_is_a_release(shop):
    shop.add_migration(*LOSSY)
    before = shop.world()
    failed, refused, again = runs(shop, "deploy", "from-failure", "all")
    deployment = failed["tags"]["dbsync/deployment"]
    assert not failed["success"] and not refused["success"] and not again["success"]
    assert "validation_report" in refused["ran"][0] and len(refused["ran"]) == 1, refused["ran"]
    assert f"undone deployment {deployment}" in refused["why"]
    assert "next:  Re-execute all steps" in refused["why"] and "dbsync deploy" in refused["why"]
    assert again["ran"][0] == "migration_source" and "applied_schema_version" in again["ran"]
    assert again["tags"]["dbsync/deployment"] != deployment
    assert shop.world() == before, "each of the two releases was rolled back"
    assert len(backups(shop)) == 2, "and the refused run made no backup"


def test_what_is_released_is_not_backed_up_again_and_the_graph_shows_what_is_in_the_database(shop):
    shop.add_migration(*GOOD)
    released, nothing = runs(shop, "deploy", "all")
    assert released["success"] and released["graph shows"] == GOOD[0]
    assert "nothing is pending; no backup was made" in nothing["why"] and nothing["ran"] == [
        "migration_source"
    ]
    assert len(backups(shop)) == 1
    undone, repeated = runs(shop, "rollback", "all")
    assert undone["success"] and undone["graph shows"] == "20260101000000_init"
    assert shop.applied() == ["20260101000000_init"]
    assert undone["tags"]["dbsync/deployment"] == released["tags"]["dbsync/deployment"]
    assert repeated["tags"]["dbsync/deployment"] == undone["tags"]["dbsync/deployment"]
    assert shop.applied() == ["20260101000000_init"], "the run again undoes nothing else"


def test_a_part_of_a_release_is_refused_before_anything_is_done(shop):
    before = shop.world()
    released, part = runs(shop, "deploy", "part")
    assert released["success"] and len(backups(shop)) == 1, "and the part made no backup"
    assert not part["success"] and "a part of a release cannot be run" in part["why"]
    assert "health_report" in part["why"] and "release_record" in part["why"]
    assert part["graph shows"] == "20260101000000_init" and shop.world() == before


def test_a_validation_from_its_failure_looks_again_and_finds_the_same(shop):
    shop.execute("ALTER TABLE `User` ADD COLUMN `by_hand` INTEGER NULL")
    first, again = runs(shop, "validate", "from-failure")
    assert "validation_report" in first["ran"]
    assert again["ran"] and "validation_report" not in again["ran"]
    for one in (first, again):
        assert not one["success"] and "by_hand" in one["said"], one
