"""The mirror over https with a token, and over ssh with a key: what comes, and what nobody sees."""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from resources.errors import GitError
from resources.git.access import Access
from resources.git.mirror import Mirror
from resources.mysql.installation import UnusableError
from resources.settings import load_settings
from resources.settings_git import source_of
from tests.support.git_server import Clone, git, repository_in
from tests.support.https_git_server import HttpsGitServer
from tests.support.ssh_server import SshServer, ssh_server

TOKEN = 'T0K3N"$ %@:/\\-canary'


@pytest.fixture
def https(tmp_path) -> Iterator[HttpsGitServer]:
    running = HttpsGitServer(tmp_path / "server", TOKEN)
    yield running
    running.close()


@pytest.fixture
def sshd(tools, tmp_path) -> Iterator[SshServer]:
    (tmp_path / "of-sshd").mkdir()
    try:
        with ssh_server(tools, tmp_path / "of-sshd") as running:
            yield running
    except UnusableError as error:
        pytest.skip(f"no sshd to be had here: {error}")


def _set(folder: Path, **settings: object) -> Access:
    """As a project in `folder` with these settings reaches its repository."""
    given = load_settings(folder, database_url="mysql://a:b@127.0.0.1/c", **settings)
    source = source_of(given, folder, None)
    assert source
    return source.access


def _pushed_to(repository: Path, clone: Path) -> str:
    made = Clone(clone, str(repository))
    made.migration("1_init", "SELECT 1;")
    commit = made.commit()
    made.push()
    return commit


def _refused(access: Access, folder: Path) -> str:
    with pytest.raises(GitError) as refused:
        Mirror(access, folder).fetch("main")
    assert not list(folder.rglob("*.pack"))
    return str(refused.value)


def _text_of(folder: Path) -> str:
    return "".join(path.read_text("latin-1") for path in folder.rglob("*") if path.is_file())


class Seen:
    """What any other user of the machine could read while git is connected."""

    def __init__(self) -> None:
        self.commands = ""
        self.environments = ""
        self.modes: set[int] = set()

    def look(self) -> None:
        for process in psutil.process_iter():
            try:
                self.commands += " ".join(process.cmdline()) + "\n"
                if process.name().startswith("git"):
                    self.environments += str(process.environ())
            except psutil.Error:
                continue
        self.modes |= {
            path.stat().st_mode & 0o077 for path in Path(tempfile.gettempdir()).glob("dbsync-git-*")
        }


def test_https_with_a_token_fetches_and_shows_the_token_to_nobody(https, tmp_path, monkeypatch, capfd):
    commit = _pushed_to(https.repository, tmp_path / "clone")
    (tmp_path / "scratch").mkdir(mode=0o700)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scratch"))
    seen = Seen()
    https.during = seen.look
    access = _set(tmp_path, git_repository=https.url, git_token=TOKEN, git_ca_file=https.trust)
    mirror = Mirror(access, tmp_path / "mirror.git")
    assert mirror.fetch("main") == commit
    mirror.export(commit, tmp_path / "out", "prisma/migrations")
    assert (tmp_path / "out/prisma/migrations/1_init/migration.sql").read_text() == "SELECT 1;"
    assert "remote-https" in seen.commands and "GIT_TERMINAL_PROMPT" in seen.environments
    assert seen.modes == {0}, "what git reads it from is of this user alone"
    assert list((tmp_path / "scratch").iterdir()) == []
    kept = _text_of(mirror.folder)
    told = "".join(capfd.readouterr())
    for secret in (TOKEN, https.login.split()[1], "T0K3N"):
        for place in (seen.commands, seen.environments, kept, told, repr(mirror.access)):
            assert secret not in place


def test_a_wrong_token_and_a_certificate_of_nobodys_are_said_and_bring_nothing(https, tmp_path):
    _pushed_to(https.repository, tmp_path / "clone")
    access = _set(tmp_path, git_repository=https.url, git_token=TOKEN, git_ca_file=https.trust)
    wrong = _refused(replace(access, token="wr0ng-canary"), tmp_path / "wrong")
    assert "GIT_TOKEN" in wrong and "does not accept the login" in wrong and "wr0ng" not in wrong
    assert "wants a login" in _refused(replace(access, token=None), tmp_path / "none")
    untrusted = _refused(replace(access, ca_file=None), tmp_path / "untrusted")
    assert "certificate" in untrusted and "GIT_CA_FILE" in untrusted and "T0K3N" not in untrusted


def test_ssh_with_a_key_fetches_from_the_host_whose_key_is_pinned_and_from_no_other(sshd, tmp_path):
    commit = _pushed_to(repository_in(tmp_path / "server"), tmp_path / "clone")
    key, known, other = tmp_path / "a key", tmp_path / "known hosts", tmp_path / "other"
    key.touch(mode=0o600)
    key.write_text(sshd.key)
    known.write_text(f"{sshd.known_hosts}\n")
    for name in (other, tmp_path / "stranger"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(name)], check=True)
    address = f"ssh://{sshd.user}@127.0.0.1:{sshd.port}{tmp_path}/server/shop.git"
    access = _set(tmp_path, git_repository=address, git_ssh_key="a key", git_known_hosts="known hosts")
    mirror = Mirror(access, tmp_path / "mirror.git")
    assert mirror.fetch("main") == commit
    mirror.export(commit, tmp_path / "out", "prisma/migrations")
    assert (tmp_path / "out/prisma/migrations/1_init/migration.sql").read_text() == "SELECT 1;"
    assert sshd.key not in "".join(
        path.read_text("latin-1") for path in mirror.folder.rglob("*") if path.is_file()
    )

    host = sshd.known_hosts.split()[0]
    exchanged = other.with_suffix(".pub").read_text().split()[:2]
    known.write_text(f"{host} {' '.join(exchanged)}\n")
    for text in (known.read_text(), ""):
        known.write_text(text)
        refused = _refused(access, tmp_path / "refused")
        assert "Host key verification failed" in refused and "GIT_KNOWN_HOSTS" in refused
        assert known.read_text() == text, "it learns no host by itself"
    known.write_text(f"{sshd.known_hosts}\n")
    stranger = _refused(replace(access, ssh_key=tmp_path / "stranger"), tmp_path / "refused")
    assert "Permission denied" in stranger and "GIT_SSH_KEY" in stranger
    assert git(mirror.folder, "rev-parse", "refs/dbsync/tip/main") == commit
