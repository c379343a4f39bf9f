"""The password is nowhere: argv, children's environments, output, logs, Dagster's databases, records."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from urllib.parse import quote

import pytest

from resources.mysql.connection import connect, execute
from resources.mysql.endpoint import Endpoint
from tests.e2e.conftest import BAD, GOOD

pytestmark = pytest.mark.slow
PASSWORD = "canary'\"$ %@:/\\x"
NEEDLE = "canary'"
_NEEDLES = (NEEDLE, "canary%27")


def poll_processes(found: list[str], stop: threading.Event, needles: tuple[str, ...] = _NEEDLES) -> None:
    """Command lines of all processes; environments of those that are not the command itself."""
    while not stop.is_set():
        for folder in Path("/proc").iterdir():
            if folder.name.isdigit():
                try:
                    line = (folder / "cmdline").read_bytes().decode(errors="replace")
                    own = "dbsync_assets.cli" in line
                    seen = line if own else line + (folder / "environ").read_bytes().decode(errors="replace")
                except OSError:
                    continue
                if not line:
                    continue  # just starting or ending: whose it is cannot be told yet, or any more
                if any(needle in seen for needle in needles):
                    found.append(seen)


def test_an_awkward_password_appears_nowhere_after_a_release_and_a_rollback(project, server, tmp_path):
    user = f"{project.database}_app"[:32]
    with connect(server.tcp_endpoint) as admin:
        execute(admin, "CREATE USER %s@'%%' IDENTIFIED BY %s", (user, PASSWORD))
        execute(admin, "GRANT ALL ON *.* TO %s@'%%'", (user,))
    try:
        project.endpoint = Endpoint("127.0.0.1", server.port, user, PASSWORD)
        # A workflow's other secrets, of which dbsync knows nothing.
        project.environment |= {"GITHUB_TOKEN": PASSWORD, "https_proxy": f"http://me:{quote(PASSWORD)}@p:1"}
        # Channels that take nothing, so that everything of theirs lies in the outbox.
        project.environment |= {
            "NOTIFY_SLACK": f"http://127.0.0.1:9/services/{quote(PASSWORD, safe='')}",
            "NOTIFY_DINGTALK": f"http://127.0.0.1:9/send?access_token={quote(PASSWORD, safe='')}",
            "NOTIFY_DINGTALK_SECRET": PASSWORD,
            "NOTIFY_SMTP": f"smtps://me:{quote(PASSWORD, safe='')}@127.0.0.1:9?from=a@b.c&to=d@e.f",
            "NOTIFY_APPRISE": f"gotify://127.0.0.1:9/{quote(PASSWORD, safe='')}",
            "NOTIFY_ALLOW_PRIVATE": "127.0.0.1",
        }
        # Dagster asks it about the interpreter while it is imported.
        asked, program = tmp_path / "asked", tmp_path / "bin" / "file"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\nenv >>{asked}\n")
        program.chmod(0o755)
        project.environment["PATH"] = f"{program.parent}:{os.environ['PATH']}"
        seen: list[str] = []
        stop = threading.Event()
        watcher = threading.Thread(target=poll_processes, args=(seen, stop))
        watcher.start()
        try:
            project.add_migration(*GOOD)
            good = project.run("deploy")
            project.add_migration(*BAD)
            bad = project.run("deploy")
        finally:
            stop.set()
            watcher.join()
        assert (good.returncode, bad.returncode) == (0, 40), good.stderr + bad.stderr
        assert not seen
        assert len(list((project.storage / "outbox" / "states").glob("*.json"))) == 8
        assert NEEDLE not in asked.read_text() and "canary%27" not in asked.read_text()
        for text in (good.stdout, good.stderr, bad.stdout, bad.stderr):
            assert NEEDLE not in text and "canary%27" not in text
        for path in (project.folder / ".dbsync").rglob("*"):
            if path.is_file():
                data = path.read_bytes()
                assert b"canary" not in data, path
    finally:
        with connect(server.tcp_endpoint) as admin:
            execute(admin, "DROP USER %s@'%%'", (user,))


def test_a_password_that_is_an_everyday_word_takes_no_other_variable_from_git(project, tmp_path):
    seen = tmp_path / "environment"
    git = tmp_path / "bin" / "git"
    git.parent.mkdir()
    git.write_text(f"#!/bin/sh\nenv >>{seen}\nexit 1\n")
    git.chmod(0o755)
    (project.folder / ".git").mkdir()
    project.run(
        "check",
        PATH=f"{git.parent}:/usr/bin:/bin",
        DATABASE_URL="mysql://root:root@127.0.0.1:1/shop",
        LC_TIME="root",
        TMPDIR=str(tmp_path),
        GITHUB_TOKEN="ghs_1",
    )
    lines = seen.read_text().splitlines()
    assert {"LC_TIME=root", f"TMPDIR={tmp_path}"} <= set(lines)
    assert not [line for line in lines if line.startswith(("DATABASE_URL", "GITHUB_TOKEN"))]
