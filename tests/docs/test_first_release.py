"""docs/first-release.md, typed from top to bottom in an empty folder.

Real: git, make, the command, the server, the web page. Lent: the packages and the MySQL that `make setup`
would download, so that it finds its work done.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

import pytest

from resources.mysql.connection import connect, execute, rows
from resources.settings import CHECKOUT
from tests.support.project import LOCK_FILE

pytestmark = pytest.mark.slow
PAGE = (CHECKOUT / "docs" / "first-release.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
INIT = "CREATE TABLE Customer (id INT PRIMARY KEY AUTO_INCREMENT, email VARCHAR(191) NOT NULL)"
PHONE = "ALTER TABLE Customer ADD COLUMN phone VARCHAR(32) NULL"
LENT = """#!/bin/sh
mkdir .venv
ln -s "$LENT_VENV"/* .venv/
rm -f .venv/lock.stamp
{ echo "$PWD" && cat requirements/lock.txt; } >.venv/lock.stamp
ln -s "$LENT_TOOLS" .tools
"""


def git(folder: Path, *arguments: str) -> None:
    name = ["-c", "user.name=Shop", "-c", "user.email=shop@example.com"]
    subprocess.run(["git", "-C", str(folder), *name, *arguments], check=True, capture_output=True)


@pytest.fixture
def application(tmp_path: Path) -> Path:
    """The repository of a small application, whose second migration is new."""
    folder = tmp_path / "origin"
    migrations = folder / "prisma" / "migrations"
    for name, sql in {"20260101000000_init": INIT, "20260202000000_phone": PHONE}.items():
        (migrations / name).mkdir(parents=True)
        (migrations / name / "migration.sql").write_text(f"{sql};\n")
    (migrations / "migration_lock.toml").write_text(LOCK_FILE)
    (folder / "package.json").write_text('{\n  "name": "shop"\n}\n')
    git(folder, "init", "--quiet")
    git(folder, "add", ".")
    git(folder, "commit", "--quiet", "--message", "The shop")
    return folder


class Shell:
    """One shell, block after block, as a person types them; a command that fails fails the test."""

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        folder.mkdir()
        self.folder, self.environment = folder, environment

    def type(self, block: str) -> str:
        # Where it went, and what it put on PATH, is what the next one finds.
        script = f'{block}\nprintf "%s\\0%s" "$PWD" "$PATH" >"$AFTERWARDS"'
        done = subprocess.run(
            ["bash", "-eu", "-c", script],
            cwd=self.folder,
            env=self.environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )
        assert done.returncode == 0, f"{block}\nexit code {done.returncode}\n{done.stdout}\n{done.stderr}"
        place, self.environment["PATH"] = Path(self.environment["AFTERWARDS"]).read_text().split("\0")
        self.folder = Path(place)
        return done.stdout

    def open_page(self, block: str, address: str) -> str:
        """What a command that goes on until Ctrl-C answers at the address; then Ctrl-C."""
        said = self.folder.parent / "page.log"
        with said.open("w") as told:
            running = subprocess.Popen(
                ["bash", "-eu", "-c", f"exec {block.strip()}"],
                cwd=self.folder,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=told,
                stderr=told,
                start_new_session=True,
            )
        try:
            deadline = time.monotonic() + 90
            while True:
                try:
                    with urllib.request.urlopen(address, timeout=5) as answer:
                        return answer.read().decode()
                except OSError:
                    assert running.poll() is None and time.monotonic() < deadline, said.read_text()
                    time.sleep(0.2)
        finally:
            if running.poll() is None:
                os.killpg(running.pid, signal.SIGINT)
            try:
                running.wait(timeout=30)
            except subprocess.TimeoutExpired:
                os.killpg(running.pid, signal.SIGKILL)


@pytest.fixture
def shell(tmp_path, application, tools, server, database) -> Shell:
    template = tmp_path / "template"
    (template / "hooks").mkdir(parents=True)
    (template / "hooks" / "post-checkout").write_text(LENT)
    (template / "hooks" / "post-checkout").chmod(0o755)
    (tmp_path / "gitconfig").write_text("[safe]\n\tdirectory = *\n")
    endpoint = server.tcp_endpoint
    login = f"{endpoint.user}:{endpoint.password}"
    return Shell(
        tmp_path / "empty",
        {
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "COLUMNS": "200",
            "GIT_CONFIG_GLOBAL": str(tmp_path / "gitconfig"),
            "AFTERWARDS": str(tmp_path / "afterwards"),
            "LENT_VENV": str((CHECKOUT / ".venv").resolve()),
            "LENT_TOOLS": str(tools),
            "DBSYNC_REPOSITORY": str(CHECKOUT),
            "APP_REPOSITORY": str(application),
            "DATABASE_URL": f"mysql://{login}@{endpoint.host}:{endpoint.port}/{database}",
        },
    )


def test_the_page_typed_from_top_to_bottom_ends_with_a_release(shell, server, database, tmp_path):
    with connect(server.tcp_endpoint, database) as connection:
        execute(connection, INIT)
        execute(connection, "INSERT INTO Customer (email) VALUES ('a@example.com'), ('b@example.com')")

    said = {}
    for block in BLOCKS:
        if "DBSYNC_REPOSITORY" in block:
            shell.environment["GIT_TEMPLATE_DIR"] = str(tmp_path / "template")
            said[block] = shell.type(block)
            del shell.environment["GIT_TEMPLATE_DIR"]
        elif block.strip() == "dbsync ui":
            assert "Dagster" in shell.open_page(block, "http://127.0.0.1:3000")
        else:
            said[block] = shell.type(block)

    with connect(server.tcp_endpoint, database) as connection:
        assert rows(connection, "SELECT email, phone FROM Customer ORDER BY id") == [
            ("a@example.com", None),
            ("b@example.com", None),
        ]
        history = rows(
            connection,
            "SELECT migration_name, finished_at IS NOT NULL, applied_steps_count"
            " FROM _prisma_migrations ORDER BY migration_name",
        )
    assert [name for name, finished, _ in history if finished] == [
        "20260101000000_init",
        "20260202000000_phone",
    ]
    text = "\n".join(said.values())
    assert "released" in text and "proven" in text
    assert (shell.folder / "dbsync" / "grants.sql").is_file()
