"""A release is made of the files of one commit."""

from __future__ import annotations

import os
import subprocess

import pytest

from resources.app.source import files_in, files_of
from resources.child_environment import child_environment
from resources.errors import AppBuildError
from resources.git.mirror import Mirror


def git(folder, *arguments):
    person = {f"GIT_{who}_{what}": "a@x" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
    command = ["git", "-C", str(folder), *arguments]
    told = subprocess.run(command, env=child_environment(person), check=True, capture_output=True, text=True)
    return told.stdout.strip()


@pytest.fixture
def shop(tmp_path):
    """A folder of a repository with two applications, changed since its commit."""
    folder = tmp_path / "repository" / "apps" / "shop"
    folder.mkdir(parents=True)
    git(tmp_path, "init", "-q", "-b", "main", "repository")
    (folder / "server.mjs").write_text("one\r\n")
    (folder / "run").write_text("#!/bin/sh\n")
    (folder / "run").chmod(0o755)
    (folder / "link").symlink_to("server.mjs")
    (tmp_path / "repository" / "apps" / "other").write_text("not this")
    git(tmp_path / "repository", "add", "-A")
    git(tmp_path / "repository", "commit", "-q", "-m", "one")
    (folder / "server.mjs").write_text("two")
    (folder / "untracked").write_text("never committed")
    return folder


def seen(place):
    return {
        str(path.relative_to(place)): str(path.readlink()) if path.is_symlink() else path.read_bytes()
        for path in place.rglob("*")
    }


WHOLE = {"server.mjs": b"one\r\n", "run": b"#!/bin/sh\n", "link": "server.mjs"}


def test_it_has_what_was_committed_in_its_folder_and_nothing_else(shop, tmp_path):
    files_of(shop, git(shop, "rev-parse", "HEAD"))(tmp_path / "release")
    assert seen(tmp_path / "release") == WHOLE
    assert os.access(tmp_path / "release" / "run", os.X_OK)
    assert not (tmp_path / "release.tree").exists()


def test_in_a_linked_work_tree_too(shop, tmp_path):
    git(shop, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
    linked = tmp_path / "linked" / "apps" / "shop"
    files_of(linked, git(linked, "rev-parse", "HEAD"))(tmp_path / "release")
    assert seen(tmp_path / "release") == WHOLE


def test_from_a_mirror_of_the_branch_that_is_watched(shop, tmp_path):
    mirror = Mirror(str(tmp_path / "repository"), tmp_path / "mirror.git")
    commit = mirror.fetch("main")
    files_in(mirror, commit, "apps/shop")(tmp_path / "release")
    assert seen(tmp_path / "release") == WHOLE
    files_in(mirror, commit, "")(tmp_path / "everything")
    assert (tmp_path / "everything" / "apps" / "other").read_text() == "not this"


def test_a_commit_without_that_folder_leaves_nothing(shop, tmp_path):
    mirror = Mirror(str(tmp_path / "repository"), tmp_path / "mirror.git")
    with pytest.raises(AppBuildError):
        files_in(mirror, mirror.fetch("main"), "apps/none")(tmp_path / "release")
    assert not (tmp_path / "release").exists() and not (tmp_path / "release.tree").exists()


def test_without_a_commit_it_is_the_folder_as_it_is(shop, tmp_path):
    (shop / "node_modules").mkdir()
    files_of(shop, None)(tmp_path / "release")
    assert seen(tmp_path / "release") == WHOLE | {"server.mjs": b"two", "untracked": b"never committed"}
