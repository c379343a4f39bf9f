"""A branch is mirrored and a commit exported; nothing that the repository holds is run or followed."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path

import pytest

from resources.errors import GitError
from resources.git.access import Access
from resources.git.mirror import Mirror
from tests.support.git_server import Clone, GitServer, git


@pytest.fixture
def clone(tmp_path) -> Clone:
    made = Clone(tmp_path / "clone")
    made.migration("1_init", "SELECT 1;\r\n")
    made.commit("First")
    return made


@pytest.fixture
def mirror(clone, tmp_path) -> Mirror:
    return Mirror(str(clone.folder), tmp_path / "state" / "mirror.git")


def test_what_was_committed_is_exported_byte_for_byte_whatever_attributes_say(clone, mirror, tmp_path):
    (clone.folder / ".gitattributes").write_text(
        "*.sql eol=crlf export-subst\n*.txt export-ignore filter=x\n"
    )
    git(clone.folder, "config", "filter.x.smudge", f"touch {tmp_path}/ran; cat")
    (clone.folder / "kept.txt").write_bytes(b"$Format:%H$\n\x00\xff")
    (clone.folder / "run.sh").write_text("#!/bin/sh\n")
    (clone.folder / "run.sh").chmod(0o755)
    git(clone.folder, "config", "core.autocrlf", "false")
    commit = clone.commit("Second")
    assert mirror.fetch("main") == commit
    mirror.export(commit, tmp_path / "out")
    assert (tmp_path / "out/kept.txt").read_bytes() == b"$Format:%H$\n\x00\xff"
    assert os.access(tmp_path / "out/run.sh", os.X_OK)
    assert not (tmp_path / "out/.git").exists() and not (tmp_path / "ran").exists()
    assert list((tmp_path).glob("**/*.partial")) == []


def test_a_server_that_can_leave_contents_out_sends_only_those_that_are_exported(tmp_path):
    server = GitServer(tmp_path / "server")
    try:
        clone = Clone(tmp_path / "clone", server.url)
        clone.migration("1_init", "SELECT 1;")
        (clone.folder / "large.bin").write_bytes(os.urandom(3_000_000))
        commit = clone.commit()
        clone.push()
        mirror = Mirror(server.url, tmp_path / "mirror.git")
        assert mirror.fetch("main") == commit
        mirror.export(commit, tmp_path / "out", "prisma/migrations")
        assert (tmp_path / "out/prisma/migrations/1_init/migration.sql").read_text() == "SELECT 1;"
        assert not (tmp_path / "out/large.bin").exists()
        assert sum(path.stat().st_size for path in mirror.folder.rglob("*")) < 1_000_000
    finally:
        server.close()


def test_a_rewritten_branch_is_followed_and_the_old_commit_is_in_it_no_more(clone, mirror):
    clone.migration("2_x", "SELECT 2;")
    old = clone.commit("Second")
    assert mirror.fetch("main") == old
    git(clone.folder, "commit", "-q", "--amend", "-m", "Other")
    new = mirror.fetch("main")
    assert new != old and not mirror.contains(new, old) and mirror.contains(old, old)
    assert mirror.describe(old).subject == "Second", "what it was can still be read"


@pytest.mark.parametrize(
    "address",
    [
        "ext::sh -c touch% {ran}",
        "--upload-pack=touch {ran}",
        "-oProxyCommand=touch {ran}",
        "fd::17/foo",
        "ssh://-oProxyCommand=touch%20{ran}/x",
        "ssh://-oProxyCommand=touch@host/x",
        "http://example.org/x.git",
        "git://example.org/x.git",
        "ftp://example.org/x.git",
        "https:///x.git",
        "https://example.org/\nx",
        "",
    ],
)
def test_an_address_that_would_run_something_or_go_unprotected_is_refused_before_git_starts(
    address, tmp_path, monkeypatch
):
    monkeypatch.setenv("PATH", str(tmp_path))  # so that a git that was started would be "not installed"
    with pytest.raises(GitError) as refused:
        Mirror(address.format(ran=tmp_path / "ran"), tmp_path / "m").fetch("main")
    assert "not installed" not in str(refused.value)
    assert not (tmp_path / "ran").exists() and not (tmp_path / "m").exists()


@pytest.mark.parametrize(
    "branch", ["--upload-pack=x", "-b", "a..b", "a b", "refs/@{u}", "x.lock", "", "a\nb", "+main:x"]
)
def test_a_branch_that_git_could_take_for_something_else_is_refused(branch, mirror, monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(GitError, match="is not the name of a branch"):
        mirror.fetch(branch)


@pytest.mark.parametrize("commit", ["HEAD", "main", "a" * 39, "A" * 40, "--help", "a" * 40 + "\n"])
def test_only_whole_ids_name_commits(commit, mirror, tmp_path):
    mirror.fetch("main")
    with pytest.raises(GitError, match="is not the id of a commit"):
        mirror.export(commit, tmp_path / "out")


@pytest.mark.parametrize("path", ["../x", "/etc", "a/../../b", ".git", "a\\b", "x/.GIT/y"])
def test_a_path_that_leads_out_of_the_repository_is_refused(path, mirror, tmp_path):
    commit = mirror.fetch("main")
    with pytest.raises(GitError, match="is not a path inside"):
        mirror.export(commit, tmp_path / "out", path)


def test_links_that_lead_out_are_refused_others_are_kept_and_none_where_none_may_be(clone, mirror, tmp_path):
    (clone.folder / "inner").symlink_to("prisma/migrations")
    commit = clone.commit("Link inside")
    mirror.fetch("main")
    mirror.export(commit, tmp_path / "inside")
    assert (tmp_path / "inside/inner").readlink() == Path("prisma/migrations")
    with pytest.raises(GitError, match="cannot be used"):
        mirror.export(commit, tmp_path / "none", links=False)
    (clone.folder / "prisma" / "outer").symlink_to("../../../../etc/passwd")
    commit = clone.commit("Link outside")
    mirror.fetch("main")
    with pytest.raises(GitError) as refused:
        mirror.export(commit, tmp_path / "outside")
    assert "leads out" in str(refused.value) and "prisma/outer" in str(refused.value)
    assert not (tmp_path / "outside").exists() and not (tmp_path / "none").exists()


def test_hooks_and_submodules_run_nothing_and_a_submodule_stays_an_empty_folder(clone, mirror, tmp_path):
    evil = tmp_path / "evil"
    Clone(evil).commit("Evil")
    git(clone.folder, "-c", "protocol.file.allow=always", "submodule", "add", "-q", str(evil), "vendored")
    for hook in ("post-checkout", "post-merge", "reference-transaction", "pre-auto-gc"):
        for folder in (clone.folder / ".git/hooks", clone.folder / "hooks"):
            folder.mkdir(exist_ok=True)
            (folder / hook).write_text(f"#!/bin/sh\ntouch {tmp_path}/ran\n")
            (folder / hook).chmod(0o755)
    git(clone.folder, "config", "uploadpack.packObjectsHook", f"touch {tmp_path}/ran; false")
    commit = clone.commit("Submodule")
    (tmp_path / "ran").unlink(missing_ok=True)  # the clone's own hooks ran for its own commit
    mirror.fetch("main")
    mirror.export(commit, tmp_path / "out")
    assert list((tmp_path / "out/vendored").iterdir()) == []
    assert not (tmp_path / "ran").exists()


def _commit_of_tree(clone: Clone, listed: str) -> str:
    tree = subprocess.run(
        ["git", "mktree", "--missing"],
        input=listed,
        cwd=clone.folder,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()
    commit = git(clone.folder, "commit-tree", tree, "-m", "x")
    git(clone.folder, "update-ref", "refs/heads/main", commit)
    return commit


@pytest.mark.parametrize("name", ["..", ".git", ".GIT"])
def test_a_tree_with_a_name_that_would_be_written_elsewhere_is_refused(name, clone, mirror, tmp_path):
    blob = git(clone.folder, "hash-object", "-w", "prisma/migrations/1_init/migration.sql")
    inner = git(clone.folder, "rev-parse", "HEAD:prisma")
    _commit_of_tree(clone, f"100644 blob {blob}\tkept\n040000 tree {inner}\t{name}\n")
    with pytest.raises(GitError):
        mirror.export(mirror.fetch("main"), tmp_path / "a" / "out")
    assert not (tmp_path / "a" / "out").exists() and not (tmp_path / "prisma").exists()


def test_a_shallow_clone_is_refused_with_the_command_that_completes_it(clone, tmp_path):
    clone.migration("2_x", "SELECT 2;")
    clone.commit()
    git(tmp_path, "clone", "-q", "--depth=1", f"file://{clone.folder}", "shallow")
    with pytest.raises(GitError) as refused:
        Mirror(str(tmp_path / "shallow"), tmp_path / "m").fetch("main")
    assert "fetch --unshallow" in refused.value.hint


def test_a_repository_larger_than_allowed_is_given_up_while_it_comes(clone, tmp_path):
    for number in range(4):
        (clone.folder / f"{number}.bin").write_bytes(os.urandom(8_000_000))
    clone.commit("Large")
    access = Access(str(clone.folder), max_size=1_000_000)
    with pytest.raises(GitError, match="too large"):
        Mirror(access, tmp_path / "m").fetch("main")


def test_a_server_that_never_answers_is_given_up(tmp_path):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        access = Access(f"git://127.0.0.1:{silent.getsockname()[1]}/x.git", seconds=0.5)
        begun = time.monotonic()
        with pytest.raises(GitError, match="took too long"):
            Mirror(access, tmp_path / "m").fetch("main")
        assert time.monotonic() - begun < 4


def test_a_branch_that_is_not_there_is_named(mirror):
    with pytest.raises(GitError) as refused:
        mirror.fetch("release")
    assert "release" in refused.value.what and "GIT_BRANCH" in refused.value.hint


def test_a_token_goes_to_git_in_a_private_file_and_in_no_argument(tmp_path):
    access = Access("https://someone:in-the-url@example.org/o/r.git", token="T0K3N-of-a-person")
    assert access.address == "https://example.org/o/r.git"
    assert "T0K3N" not in repr(access) + access.address
    assert "Authorization: Basic" in access.configuration()
    assert 'http "https://example.org/"' in access.configuration()


def test_ssh_never_asks_and_trusts_no_unknown_host():
    access = Access("git@example.org:o/r.git", ssh_key=Path("/keys/of x"))
    assert access.protocol == "ssh"
    command = access.environment()["GIT_SSH_COMMAND"]
    assert "BatchMode=yes" in command and "StrictHostKeyChecking=yes" in command and "'/keys/of x'" in command


def test_a_mirror_of_many_pushes_is_tidied_and_keeps_what_was_rewritten(clone, mirror, monkeypatch):
    monkeypatch.setattr("resources.git.mirror._PACKS", 2)
    old = mirror.fetch("main")
    git(clone.folder, "commit", "-q", "--amend", "-m", "Other")
    for number in range(4):
        (clone.folder / "file").write_text(str(number))
        commit = clone.commit()
        assert mirror.fetch("main") == commit
    assert len(list((mirror.folder / "objects/pack").glob("*.pack"))) <= 3
    assert mirror.describe(old).subject == "First"
