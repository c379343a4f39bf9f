"""Getting MySQL by apt. The slow tests download it for real, so they need the machine's mirror."""

from __future__ import annotations

import dataclasses
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from resources.errors import MysqlNotFoundError
from resources.mysql import apt_download
from resources.mysql.get import get_mysql
from resources.mysql.installation import private_installation
from resources.mysql.private_apt import PrivateApt
from resources.mysql.server import PrivateServer

needs_apt = pytest.mark.skipif(
    shutil.which("apt-get") is None or shutil.which("mysqld") is not None or bool(os.environ.get("MYSQLD")),
    reason="needs apt and a machine without MySQL",
)
GET = "import sys; from pathlib import Path; from resources.mysql.get import get_mysql; " + (
    "print(get_mysql(Path(sys.argv[1])).version)"
)


def _fetching(tools: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", GET, str(tools)], stdout=subprocess.PIPE, text=True, start_new_session=True
    )


def test_what_is_there_already_is_used_without_a_download(installation, tools, monkeypatch):
    monkeypatch.setattr("resources.mysql.get.download", None)
    assert get_mysql(tools, Path(os.environ["MYSQLD"]) if os.environ.get("MYSQLD") else None) == installation


def test_without_apt_it_says_what_to_install_on_each_platform(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MysqlNotFoundError) as caught:
        get_mysql(tmp_path / "tools")
    assert "no mysqld on PATH" in caught.value.why and "apt-get" in caught.value.why
    for platform in ("Ubuntu", "Debian", "RHEL", "macOS", "Alpine", "MYSQLD"):
        assert platform in caught.value.hint


def test_a_machine_whose_sources_cannot_be_reached_is_told_apts_reason(tmp_path, monkeypatch):
    if shutil.which("apt-get") is None:
        pytest.skip("needs apt")
    monkeypatch.setattr("resources.mysql.get.find_with_reasons", lambda tools, mysqld: (None, ["none here"]))
    source = apt_download.AptSource(("http://127.0.0.1:9/debian",), ("unstable",), ("main",))
    for which in ("of_release", "debian_unstable"):
        monkeypatch.setattr(apt_download, which, lambda sources, codename: [source])
    with pytest.raises(MysqlNotFoundError) as caught:
        get_mysql(tmp_path / "tools")
    assert "apt-get update failed" in caught.value.why
    assert [path.name for path in (tmp_path / "tools" / "mysql").iterdir()] == []


@pytest.mark.slow
@needs_apt
def test_packages_whose_signature_cannot_be_checked_are_refused(tmp_path, monkeypatch):
    keyring = tmp_path / "nobodys.gpg"
    keyring.touch()
    machine = [dataclasses.replace(one, signed_by=str(keyring)) for one in apt_download.read_sources()]
    monkeypatch.setattr(apt_download, "read_sources", lambda: machine)
    with pytest.raises(MysqlNotFoundError) as caught:
        get_mysql(tmp_path / "tools")
    assert "not signed" in caught.value.why or "NO_PUBKEY" in caught.value.why
    assert list((tmp_path / "tools" / "mysql").iterdir()) == []


@needs_apt
def test_the_machines_own_apt_hooks_and_package_state_are_left_alone(tmp_path):
    apt = PrivateApt(tmp_path / "apt", [])
    said = subprocess.run(
        ["apt-config", "dump"], env=apt.environment, capture_output=True, text=True, check=True
    ).stdout
    hooks = re.findall(r'^.*(?:Invoke|Pre-Install-Pkgs).*::.* ".+";$', said, re.MULTILINE)
    assert hooks == []
    for key in (
        "Dir::State",
        "Dir::State::lists",
        "Dir::State::status",
        "Dir::Cache",
        "Dir::Cache::archives",
    ):
        assert f'{key} "{tmp_path}/apt/' in said


@pytest.mark.slow
@needs_apt
def test_two_processes_getting_it_at_once_both_have_it_and_one_download_is_made(tmp_path):
    begun = time.monotonic()
    both = [_fetching(tmp_path), _fetching(tmp_path)]
    versions = {process.communicate()[0].strip() for process in both}
    assert len(versions) == 1 and [process.returncode for process in both] == [0, 0]
    assert [path.name for path in (tmp_path / "mysql").iterdir()] == list(versions)
    assert time.monotonic() - begun < 240
    found = private_installation(tmp_path)
    assert found is not None
    server = PrivateServer.create(found, tmp_path / "m")
    with server:
        assert server.is_running


@pytest.mark.slow
@needs_apt
def test_a_killed_download_leaves_nothing_that_looks_ready_and_the_next_one_works(tmp_path):
    killed = _fetching(tmp_path)
    deadline = time.monotonic() + 120
    while not list(tmp_path.glob("mysql/.partial-*/tree/usr/bin")) and time.monotonic() < deadline:
        time.sleep(0.02)
    os.killpg(killed.pid, signal.SIGKILL)
    killed.communicate()
    assert list(tmp_path.glob("mysql/.partial-*/tree"))
    assert private_installation(tmp_path) is None
    assert get_mysql(tmp_path).root is not None
    assert list(tmp_path.glob("mysql/.partial-*")) == []
