"""The commit being released is read without running anything of the repository's."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from resources import progress
from resources.git.commit import current_commit


class Heard(progress.Silent):
    """Whoever watches, and remembers the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


@contextmanager
def watched_by(heard: Heard) -> Iterator[Heard]:
    with progress.watched_by(heard):
        yield heard


def _git(folder, *arguments):
    subprocess.run(
        ["git", "-c", "user.name=t", "-c", "user.email=t@t", *arguments],
        cwd=folder,
        check=True,
        capture_output=True,
    )


def test_commit_subject_and_uncommitted_migrations_are_seen(tmp_path):
    migrations = tmp_path / "prisma" / "migrations"
    (migrations / "1_init").mkdir(parents=True)
    (migrations / "1_init" / "migration.sql").write_text("SELECT 1;")
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-q", "-m", "First")
    clean = current_commit(tmp_path, migrations)
    assert clean is not None and clean.subject == "First" and len(clean.id) == 40 and not clean.dirty
    (migrations / "1_init" / "migration.sql").write_text("SELECT 2;")
    changed = current_commit(tmp_path, migrations)
    assert changed is not None and changed.dirty


def test_no_repository_means_no_commit(tmp_path):
    assert current_commit(tmp_path, tmp_path / "migrations") is None


def test_a_hostile_fsmonitor_of_the_repository_is_not_run(tmp_path):
    _git(tmp_path, "init", "-q")
    (tmp_path / "a").write_text("a")
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-q", "-m", "x")
    _git(tmp_path, "config", "core.fsmonitor", f"touch {tmp_path}/ran; false")
    assert current_commit(tmp_path, tmp_path) is not None
    assert not (tmp_path / "ran").exists()


def test_a_gitconfig_that_somebody_pushed_is_not_obeyed(tmp_path):
    _git(tmp_path, "init", "-q")
    (tmp_path / ".gitconfig").write_text(f'[filter "x"]\n\tclean = "touch {tmp_path}/ran; cat"\n')
    (tmp_path / ".gitattributes").write_text("*.sql filter=x\n")
    (tmp_path / "a.sql").write_text("SELECT 1;")
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-q", "-m", "x")
    (tmp_path / "a.sql").write_text("SELECT 2;")  # so that `git status` has to look into it
    found = current_commit(tmp_path, tmp_path)
    assert found is not None and found.dirty
    assert not (tmp_path / "ran").exists()


def test_the_commit_of_a_folder_inside_a_repository_of_another_user_is_read(tmp_path):
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    application = tmp_path / "apps" / "shop"
    application.mkdir(parents=True)
    (application / "a").write_text("a")
    _git(tmp_path, "init", "-q")
    _git(tmp_path, "add", "-A")
    _git(tmp_path, "commit", "-q", "-m", "Of another")
    for path in (tmp_path, tmp_path / ".git"):
        os.chown(path, 12345, 12345)
    found = current_commit(application, application)
    assert found is not None and found.subject == "Of another"


def test_a_repository_whose_commit_git_cannot_tell_is_said_and_not_passed_over(tmp_path):
    _git(tmp_path, "init", "-q")
    with watched_by(Heard()) as heard:
        assert current_commit(tmp_path, tmp_path) is None
    (said,) = heard.lines
    assert str(tmp_path) in said and "does not have any commits yet" in said


def test_a_machine_without_git_is_told_so(tmp_path, monkeypatch):
    _git(tmp_path, "init", "-q")
    monkeypatch.setenv("PATH", str(tmp_path))
    with watched_by(Heard()) as heard:
        assert current_commit(tmp_path, tmp_path) is None
    assert "git is not installed" in heard.lines[0]
