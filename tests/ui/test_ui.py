"""A person in a real browser: looks at the graph, releases, meets a failed gate, runs it again."""

from __future__ import annotations

import json
import re
import urllib.request

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import GOOD

pytestmark = pytest.mark.slow
LOSSY = ("20260301000000_forget_posts", "DELETE FROM `Post` WHERE `id` < 3;\n")


def seen(ui) -> str:
    return ui.page.inner_text("body")


def launch_deploy(ui) -> str:
    ui.page.goto(f"{ui.url}/locations/dbsync_assets.definitions/jobs/deploy")
    ui.page.get_by_role("button", name=re.compile("^Materialize all")).click()
    ui.page.get_by_text(re.compile("^View|Launched run")).first.wait_for()
    return newest_run(ui)


def newest_run(ui) -> str:
    data = ask(ui, "{runsOrError(limit: 1) {... on Runs {results {runId}}}}")
    return data["runsOrError"]["results"][0]["runId"]


def ask(ui, query: str) -> dict:
    request = urllib.request.Request(
        f"{ui.url}/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["data"]


def test_the_lineage_is_seen(ui):
    ui.page.goto(f"{ui.url}/asset-groups")
    for name in ("migration_source", "full_backup", "applied_schema_version", "release_record"):
        expect(ui.page.get_by_text(name).first).to_be_visible()
    ui.picture("lineage")


def test_a_release_is_launched_and_watched_to_its_end(ui):
    ui.project.add_migration(*GOOD)
    run = launch_deploy(ui)
    ui.page.goto(f"{ui.url}/runs/{run}")
    expect(ui.page.get_by_text("Success", exact=True).first).to_be_visible(timeout=60_000)
    assert GOOD[0] in ui.project.applied()
    ui.picture("release")
