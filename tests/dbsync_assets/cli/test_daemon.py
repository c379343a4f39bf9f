"""`dbsync daemon` and `dbsync retry`, as the commands they are."""

from __future__ import annotations

import fcntl

from resources.release_source.attempts import journal_of, recorded
from tests.support.project import Project


def _project(target, tools, tmp_path) -> Project:
    return Project(tmp_path / "app", target.endpoint, target.database, tools)


def test_a_second_daemon_of_a_project_is_refused_and_the_first_one_named(target, tools, tmp_path):
    project = _project(target, tools, tmp_path)
    home = project.folder / ".dbsync" / "dagster"
    home.mkdir(parents=True)
    with (home / "daemon.lock").open("w+") as first:
        first.write("4711\n")
        first.flush()
        fcntl.flock(first, fcntl.LOCK_EX)
        refused = project.run("daemon")
    assert refused.returncode == 15 and "process 4711" in refused.stderr


def test_retry_asks_for_one_more_attempt_and_says_when_there_was_none(target, tools, tmp_path):
    project = _project(target, tools, tmp_path)
    none = project.run("retry")
    assert none.returncode == 63 and "no commit was tried yet" in none.stderr
    project.storage.mkdir(parents=True)
    here = type(target)(**{**vars(target), "storage": project.storage})
    journal = journal_of(here)
    entry = journal.begin(target.name, commit="a" * 40, migrations="1" * 64, attempt=1)
    journal.record(entry, "ended", outcome="rolled_back", may_pass=False)
    assert project.run("retry", "b").returncode == 63
    code, report = project.report("retry", "aaaa")
    assert (code, report["commit"], report["outcome"]) == (0, "a" * 40, "rolled_back")
    assert [one.asked_again for one in recorded(here)] == [True]
