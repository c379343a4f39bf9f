"""One project, one `dbsync ui`, one browser for the module."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from playwright.sync_api import Page, expect

from resources.mysql.connection import execute, quoted, rows
from resources.mysql.endpoint import Endpoint
from resources.mysql.leftovers import stop_leftovers
from resources.prisma.apply import apply_pending
from resources.prisma.lock import MigrationLock
from tests.conftest import target_on
from tests.e2e.conftest import SHOP
from tests.support.chromium import chromium
from tests.support.git_server import git
from tests.support.project import Project

PASSWORD = "songbird'\"$ %@:/\\x"
PICTURES = Path(__file__).resolve().parents[2] / "docs" / "pictures"


@dataclass
class Ui:
    project: Project
    page: Page
    url: str
    commit: str
    """That the project is at; by Ada."""

    def picture(self, name: str) -> None:
        """Kept in the documentation where DBSYNC_PICTURES is set."""
        if os.environ.get("DBSYNC_PICTURES"):
            PICTURES.mkdir(exist_ok=True)
            self.page.screenshot(path=PICTURES / f"{name}.png")


@pytest.fixture(scope="module")
def ui(server, tools, tmp_path_factory) -> Iterator[Ui]:
    folder = tmp_path_factory.mktemp("ui")
    database = f"t_{uuid4().hex[:12]}"
    user = f"{database}_u"
    with server.connect() as admin:
        execute(admin, f"CREATE DATABASE {quoted(database)}")
        execute(admin, "CREATE USER %s@'%%' IDENTIFIED BY %s", (user, PASSWORD))
        execute(admin, "GRANT ALL ON *.* TO %s@'%%'", (user,))
    project = Project(folder / "app", Endpoint("127.0.0.1", server.port, user, PASSWORD), database, tools)
    for name, sql in SHOP.items():
        project.add_migration(name, sql)
    with MigrationLock(
        target := replace(target_on(server, database, tools, folder), migrations=project.migrations), "test"
    ) as lock:
        apply_pending(target, lock, lambda *_: None)
    project.execute(
        "INSERT INTO `User` (`email`) VALUES ('a@x'), ('b@x'), ('c@x')",
        "INSERT INTO `Post` (`userId`, `title`) VALUES (1, 'one'), (2, 'two'), (3, 'three')",
    )
    (project.folder / ".env").write_text(f"DATABASE_URL={project.url}\n")
    for words in (("init", "-q"), ("add", "prisma"), ("commit", "-q", "-m", "A shop")):
        git(project.folder, *words, author="Ada@example.org")
    commit = git(project.folder, "rev-parse", "HEAD")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = project.start("ui", "--port", str(port))
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, process)
        with chromium(tools) as browser:
            context = browser.new_context(viewport={"width": 1280, "height": 800})
            context.set_default_timeout(30_000)
            expect.set_options(timeout=30_000)  # which has one of its own, of 5 s
            page = context.new_page()
            yield Ui(project, page, url, commit)
    finally:
        family = psutil.Process(process.pid).children(recursive=True) if process.poll() is None else []
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            process.kill()
        for one in psutil.wait_procs(family, timeout=5)[1]:
            one.kill()
        stop_leftovers(project.folder / ".dbsync" / "servers")
        stop_leftovers(project.folder / ".dbsync" / "replay")
        with server.connect() as admin:
            for (found,) in rows(admin, "SHOW DATABASES"):
                if found == database or found.startswith(f"{database}__"):
                    execute(admin, f"DROP DATABASE {quoted(found)}")
            execute(admin, "DROP USER %s@'%%'", (user,))


def _wait_for(url: str, process: subprocess.Popen[str]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            urllib.request.urlopen(f"{url}/server_info", timeout=2).close()
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError("the UI did not start")
