"""The commit being released is read without running anything of the repository's."""

from __future__ import annotations

import subprocess

from resources.git import current_commit


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
