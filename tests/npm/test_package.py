"""What the package writes, finds and hands on, without a database."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from resources.settings import CHECKOUT

BIN = CHECKOUT / "npm" / "bin" / "dbsync-prisma.js"
SCRIPTS = {
    "db:backup",
    "db:migration:check",
    "db:migration:deploy",
    "db:migration:validate",
    "db:health:check",
    "db:status",
    "db:restore",
    "db:rollback",
    "db:join",
}


def node(
    folder: Path, *arguments: str, program: Path = BIN, **environment: str
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["node", str(program), *arguments],
        cwd=folder,
        env={"PATH": "/usr/bin:/bin", **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=30,
    )


def program(folder: Path, text: str) -> Path:
    """A checkout whose dbsync is this script."""
    file = folder / "bin" / "dbsync"
    file.parent.mkdir(parents=True)
    file.write_text(f"#!/bin/sh\n{text}\n")
    file.chmod(0o755)
    return folder


@pytest.mark.parametrize(
    "text",
    [
        '{\n\t"name": "a",\n\t"scripts": {\n\t\t"build": "x { \\" }"\n\t},\n\t"dependencies": {}\n}',
        '{\r\n  "scripts": {},\r\n  "x": {"scripts": {"db:backup": "y"}}\r\n}\r\n',
        '{\n    "name": "a"\n}\n',
        "{}",
        '{"name":"a","scripts":{"build":"x"}}\n',
    ],
)
def test_init_adds_the_scripts_and_leaves_every_other_character(tmp_path, text):
    file = tmp_path / "package.json"
    file.write_bytes(text.encode())
    shown = node(tmp_path, "init")
    assert shown.returncode == 0 and file.read_bytes() == text.encode(), "nothing is written unasked"
    assert all(f'"{name}"' in shown.stdout for name in SCRIPTS)
    assert node(tmp_path, "init", "--yes").returncode == 0
    written = file.read_bytes().decode()
    was, now = json.loads(text), json.loads(written)
    assert set(now["scripts"]) == SCRIPTS | set(was.get("scripts", {}))
    assert {**now, "scripts": 0} == {**was, "scripts": 0}
    assert ("\r\n" in text) is ("\r\n" in written) and ("\t" in text) is ("\t" in written)
    before = text.find('"scripts"')
    assert before < 0 or written.startswith(text[:before])
    assert node(tmp_path, "init", "--yes").returncode == 0
    assert file.read_bytes().decode() == written, "a second time changes nothing"
    assert [path.name for path in tmp_path.iterdir()] == ["package.json"]


def test_a_script_of_the_application_stays_as_it_is(tmp_path):
    (tmp_path / "package.json").write_text('{\n  "scripts": {\n    "db:backup": "mine"\n  }\n}\n')
    done = node(tmp_path, "init", "--yes")
    assert "db:backup stays as it is" in done.stdout
    assert json.loads((tmp_path / "package.json").read_text())["scripts"]["db:backup"] == "mine"


@pytest.mark.parametrize("text", [None, "{ not json", "[]"])
def test_a_package_json_that_cannot_be_read_is_left_and_said_to_be_so(tmp_path, text):
    if text is not None:
        (tmp_path / "package.json").write_text(text)
    done = node(tmp_path, "init", "--yes")
    assert done.returncode == 2 and "package.json" in done.stderr and "    at " not in done.stderr
    assert text is None or (tmp_path / "package.json").read_text() == text


def test_dbsync_is_found_where_the_setting_says_then_beside_the_project_then_on_the_path(tmp_path):
    app = tmp_path / "app"
    app.mkdir()
    missing = node(app, "status")
    assert missing.returncode == 4 and "export DBSYNC_HOME=" in missing.stderr
    on_path = program(tmp_path / "path", "echo path")
    assert node(app, "x", PATH=f"{on_path}/bin:/usr/bin:/bin").stdout == "path\n"
    program(tmp_path / "dbsync", "echo beside")
    assert node(app, "x", PATH=f"{on_path}/bin:/usr/bin:/bin").stdout == "beside\n"
    program(tmp_path / "home", "echo home")
    (app / ".env").write_text("A=1\nDBSYNC_HOME='../home'\n")
    assert node(app, "x").stdout == "home\n"
    wrong = node(app, "x", DBSYNC_HOME="/nowhere")
    assert wrong.returncode == 4, "a setting that is wrong is passed over for nothing"


def test_arguments_and_exit_code_are_handed_on_as_they_are(tmp_path):
    home = program(tmp_path / "home", 'printf "%s\\n" "$@"; exit 41')
    done = node(tmp_path, "deploy", "--accept", "a b", "'$x", DBSYNC_HOME=str(home))
    assert (done.returncode, done.stdout) == (41, "deploy\n--accept\na b\n'$x\n")
    killed = program(tmp_path / "killed", "kill -KILL $$")
    assert node(tmp_path, "deploy", DBSYNC_HOME=str(killed)).returncode == 137


def test_in_a_script_dbsync_is_the_real_one_with_every_command(tmp_path):
    home = program(tmp_path / "home", 'printf "%s\\n" "$@"')
    for arguments in (("init", "--yes"), ("check",)):
        done = node(tmp_path, *arguments, program=BIN.with_name("dbsync.js"), DBSYNC_HOME=str(home))
        assert done.stdout.split() == list(arguments), done.stderr
    assert not (tmp_path / "package.json").exists()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_reaches_dbsync_and_its_exit_code_comes_back(tmp_path, number):
    ready = tmp_path / "ready"
    home = program(
        tmp_path / "home",
        f"trap 'exit 70' INT TERM HUP\ntouch {ready}\nwhile :; do sleep 0.05; done",
    )
    process = subprocess.Popen(
        ["node", str(BIN), "deploy"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "DBSYNC_HOME": str(home)},
        stdin=subprocess.DEVNULL,
    )
    while not ready.exists():
        time.sleep(0.02)
    process.send_signal(number)
    assert process.wait(60) == 70


def test_the_package_runs_nothing_when_it_is_installed_and_needs_no_other():
    manifest = json.loads((CHECKOUT / "npm" / "package.json").read_text())
    assert not {"scripts", "dependencies", "peerDependencies", "optionalDependencies"} & set(manifest)
