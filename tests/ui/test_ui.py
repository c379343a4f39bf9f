"""A person in a real browser: looks at the graph, releases, meets a failed gate, runs it again."""

from __future__ import annotations

import json
import re
import urllib.request
from http.client import HTTPConnection
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.conftest import GOOD
from tests.support.chromium import answers_shown

pytestmark = pytest.mark.slow
LOSSY = ("20260301000000_forget_posts", "DELETE FROM `Post` WHERE `id` < 3;\n")


def launch_deploy(ui) -> str:
    ui.page.goto(f"{ui.url}/locations/dbsync_assets.definitions/jobs/deploy")
    ui.page.get_by_role("button", name=re.compile("Materialize all")).click()
    ui.page.get_by_text("View", exact=True).first.click()  # of the note that says it was launched
    ui.page.wait_for_url(re.compile("/runs/[0-9a-f-]{36}"))
    return ui.page.url.split("/runs/")[1][:36]


def ask(ui, query: str) -> dict:
    request = urllib.request.Request(
        f"{ui.url}/graphql", json.dumps({"query": query}).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.loads(answer.read())["data"]


def tags_of(ui, run: str) -> dict[str, str]:
    found = ask(ui, f'{{runOrError(runId: "{run}") {{... on Run {{tags {{key value}}}}}}}}')
    return {tag["key"]: tag["value"] for tag in found["runOrError"]["tags"]}


def asked(ui, path: str) -> tuple[int, str, str]:
    """Status, content type and text of the answer to this very path."""
    connection = HTTPConnection(ui.url.removeprefix("http://"), timeout=30)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.headers["Content-Type"], answer.read().decode()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def release(ui) -> str:
    """The run of a good release, launched in the page and watched to its end: for each test that needs
    one, wherever it runs."""
    ui.project.add_migration(*GOOD)
    run = launch_deploy(ui)
    expect(ui.page.get_by_text("Success", exact=True).first).to_be_visible(timeout=60_000)
    ui.picture("release")
    return run


def test_the_lineage_is_seen(ui):
    ui.page.goto(f"{ui.url}/locations/dbsync_assets.definitions/asset-groups/release/lineage")
    for name in ("migration_source", "full_backup", re.compile("applied_s.*_version"), "release_record"):
        expect(ui.page.get_by_text(name).first).to_be_visible()
    ui.picture("lineage")


def test_a_release_is_launched_and_watched_to_its_end(ui, release):
    assert GOOD[0] in ui.project.applied()
    tags = tags_of(ui, release)
    assert tags["dbsync/target"].startswith(f"{ui.project.database}@")
    assert (tags["dbsync/commit"], tags["dbsync/author"]) == (ui.commit, "Ada")
    assert tags["dbsync/deployment"] in {path.stem for path in ui.project.storage.glob("releases/*.json")}


def test_an_asset_shows_pictures_and_sql_and_leads_to_its_report(ui, release):
    ui.page.goto(f"{ui.url}/assets/release_record")
    timeline = ui.page.get_by_role("img", name="where the time went")
    expect(timeline).to_be_visible()
    assert timeline.evaluate("image => image.complete && image.naturalWidth") == 360
    ui.page.goto(f"{ui.url}/assets/applied_schema_version")
    expect(ui.page.locator("pre code").first).to_contain_text("ALTER TABLE")
    for asset, title in (("validation_report", "Validation of"), ("health_report", "Health of")):
        ui.page.goto(f"{ui.url}/assets/{asset}")
        with ui.page.context.expect_page() as opened:
            ui.page.locator("a[href^='/dbsync/reports/']").first.click()
        report = opened.value
        expect(report).to_have_title(re.compile(title))
        assert report.evaluate("self.origin") == "null", "what ran in a report could not speak to Dagster"
        report.close()


def test_beside_the_reports_nothing_is_served(ui, release):
    (report,) = ui.project.storage.glob("reports/validation-*.html")
    (record,) = ui.project.storage.glob("releases/*.json")
    assert asked(ui, f"/dbsync/reports/{report.name}")[:2] == (200, "text/html; charset=utf-8")
    assert json.loads(asked(ui, f"/dbsync/releases/{record.name}")[2])["outcome"] == "released"
    (link := report.with_name("link.html")).symlink_to(ui.project.folder / ".env")
    (report.with_name("odd.sqlite")).write_text("x")
    for path in (
        "/dbsync/reports/",
        "/dbsync/reports/link.html",
        "/dbsync/reports/odd.sqlite",
        "/dbsync/journal/" + next(ui.project.storage.glob("journal/*.jsonl")).name,
        f"/dbsync/reports/..%2Freleases%2F{record.name}",
        "/dbsync/reports/%2e%2e%2f%2e%2e%2f%2e%2e%2f.env",
        "/dbsync/reports/../../../.env",
    ):
        assert asked(ui, path)[0] == 404, path
    link.unlink()


def test_a_failed_gate_is_understood_and_a_run_from_failure_is_refused_with_the_next_command(ui):
    ui.project.add_migration(*LOSSY)
    before = ui.project.world()
    failed = launch_deploy(ui)
    expect(ui.page.get_by_text("Failure", exact=True).first).to_be_visible(timeout=60_000)
    page = ui.page.url
    ui.page.goto(f"{ui.url}/assets/validation_report?view=checks&checkDetail=data_rules_hold")
    expect(ui.page.get_by_text(re.compile("data rules do not hold")).first).to_be_visible()
    ui.picture("failed-gate")
    ui.page.goto(page)
    assert ui.project.world() == before, "rolled back"
    backups = sorted(ui.project.storage.glob("2*"))

    ui.page.get_by_role("button", name=re.compile("Re-execute")).locator("xpath=following::button[1]").click()
    ui.page.get_by_text(re.compile("From failure")).first.click()
    ui.page.wait_for_url(lambda url: "/runs/" in url and failed not in url)
    expect(ui.page.get_by_text("Failure", exact=True).first).to_be_visible(timeout=60_000)
    ui.page.get_by_role("button", name="View full message").first.click()
    expect(ui.page.get_by_text(re.compile("not continued from the middle")).first).to_be_visible()
    assert ui.project.world() == before and sorted(ui.project.storage.glob("2*")) == backups


def test_the_password_is_in_no_page_answer_database_or_log(ui):
    needles = ("songbird'", "songbird%27", "songbird&#39;", "songbird\\'")
    runs = ask(ui, "{runsOrError {... on Runs {results {runId runConfigYaml tags {key value}}}}}")
    found = runs["runsOrError"]["results"]
    answers = [json.dumps(found)]
    assets = ("assets/applied_schema_version", "assets/full_backup")
    for path in ("runs", *assets, "config", "deployment", *(f"runs/{run['runId']}" for run in found)):
        page = ui.page.context.new_page()
        answers += answers_shown(page, f"{ui.url}/{path}", "/graphql")
        page.close()
    assert len(answers) > 20
    assert not [text for text in answers if any(needle in text for needle in needles)]
    files = [path for path in (ui.project.folder / ".dbsync").rglob("*") if path.is_file()]
    assert any(path.suffix == ".db" for path in files)
    assert not [path for path in files if b"songbird" in _content(path)]


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except FileNotFoundError:  # a log of SQLite's, which ends with the connection that wrote it
        return b""
