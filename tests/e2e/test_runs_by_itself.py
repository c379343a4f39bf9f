"""A real daemon watching a real git server: what is pushed is deployed once, and the rest is not."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.e2e.conftest import SHOP
from tests.support.daemon import Daemon
from tests.support.git_server import Clone, GitServer, git

pytestmark = pytest.mark.slow


@pytest.fixture
def clone(tmp_path) -> Iterator[Clone]:
    server = GitServer(tmp_path / "server")
    made = Clone(tmp_path / "clone", server.url)
    for name, sql in SHOP.items():
        made.migration(name, sql)
    made.commit("What is deployed already")
    made.push()
    yield made
    server.close()


@pytest.fixture
def daemon(project, clone) -> Iterator[Daemon]:
    """Not started yet. Of the project's folder only .env and state are used: migrations come from git."""
    made = Daemon(
        project,
        GIT_REPOSITORY=git(clone.folder, "remote", "get-url", "origin"),
        GIT_SENSOR_INTERVAL="1s",
        DBSYNC_SENSORS="git_migrations,alerts",
    )
    yield made
    made.kill()


def _column(name: str) -> str:
    return f"ALTER TABLE `User` ADD COLUMN `{name}` INTEGER NULL;\n"


def _push(clone: Clone, name: str) -> str:
    clone.migration(f"2026020{name}000000_add", _column(f"c{name}"))
    commit = clone.commit(f"Migration {name}")
    clone.push()
    return commit


def test_pushes_are_deployed_once_each_of_several_the_newest_and_a_rewritten_one_not_at_all(
    project, clone, daemon
):
    first = _push(clone, "1")
    daemon.start()
    daemon.until(lambda: "begun" in project.journal_phases(), "the first release has begun")
    assert daemon.stop() == 0
    assert daemon.deployments() == [(first, "released")], "a release under way goes on to its end"

    for name in ("2", "3", "4"):
        newest = _push(clone, name)
    daemon.start()
    daemon.until(lambda: (newest, "released") in daemon.deployments(), "the newest of the three is released")
    assert daemon.deployments() == [(first, "released"), (newest, "released")]
    assert len(project.applied()) == 5
    (clone.folder / "README.md").write_text("No migration.")
    readme = clone.commit("A page")
    clone.push()
    looked = f"commit {readme[:12]} brings no new migrations"
    daemon.until(lambda: looked in daemon.skip_reasons(), "the commit without migrations was looked at")

    before = project.world()
    bad = _push(clone, "5")
    daemon.until(lambda: (bad, "begun") in daemon.deployments(), "the next one has begun")
    git(clone.folder, "reset", "-q", "--hard", readme)
    clone.push("--force")
    daemon.until(lambda: daemon.deployments()[-1] == (bad, "failed"), "it was refused")
    assert project.world() == before
    daemon.until(lambda: "rewritten" in " ".join(daemon.skip_reasons()[:3]), "the force-push is named")
    assert len(daemon.runs()) == len(daemon.deployments()) == 3
    assert {run.tags["dbsync/commit"] for run in daemon.runs()} == {first, newest, bad}
    assert all(run.tags["dbsync/target"].startswith(f"{project.database}@") for run in daemon.runs())
    assert {run.tags["dbsync/author"] for run in daemon.runs()} == {"dev@example.org"}
    assert {run.tags["dbsync/deployment"] for run in daemon.runs()} == {
        path.stem for path in project.storage.glob("journal/*.jsonl")
    }
    assert daemon.failed_ticks() == []
