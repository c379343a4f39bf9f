"""A real git server on loopback, and a clone of its repository from which a person pushes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time
from pathlib import Path


def git(folder: Path, *arguments: str, author: str = "dev@example.org", **environment: str) -> str:
    """What git printed, run as that person."""
    who = {
        f"GIT_{role}_{what}": text
        for role in ("AUTHOR", "COMMITTER")
        for what, text in (("NAME", author.partition("@")[0]), ("EMAIL", author))
    }
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={
            "PATH": os.environ["PATH"],
            "HOME": str(folder),
            "GIT_CONFIG_NOSYSTEM": "1",
            **who,
            **environment,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"git {arguments}: {done.stderr}"
    return done.stdout.strip()


class Clone:
    """A working copy with a Prisma project in it."""

    def __init__(self, folder: Path, origin: str | None = None, inside: str = "") -> None:
        self.folder = folder
        self.inside = inside
        folder.mkdir(parents=True)
        git(folder, "init", "-q", "-b", "main")
        if origin:
            git(folder, "remote", "add", "origin", origin)

    @property
    def migrations(self) -> Path:
        return self.folder / self.inside / "prisma" / "migrations"

    def migration(self, name: str, sql: str) -> None:
        (self.migrations / name).mkdir(parents=True, exist_ok=True)
        (self.migrations / name / "migration.sql").write_text(sql)
        (self.migrations / "migration_lock.toml").write_text('provider = "mysql"\n')

    def commit(self, message: str = "work", *options: str, author: str = "dev@example.org") -> str:
        """`options` of git's own, before its verb. The new commit's id."""
        git(self.folder, "add", "-A")
        git(self.folder, *options, "commit", "-q", "--allow-empty", "-m", message, author=author)
        return git(self.folder, "rev-parse", "HEAD")

    def push(self, *options: str) -> None:
        git(self.folder, "push", "-q", *options, "origin", "HEAD:main")


def repository_in(folder: Path) -> Path:
    """An empty bare repository that takes pushes and can leave contents out."""
    repository = folder / "shop.git"
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "--bare", "-b", "main", str(repository))
    for name in ("uploadpack.allowFilter", "uploadpack.allowAnySHA1InWant", "http.receivepack"):
        git(repository, "config", name, "true")
    return repository


class GitServer:
    """`git daemon` on a free port; `url` is that of its one repository, which takes pushes."""

    def __init__(self, folder: Path) -> None:
        self.repository = repository_in(folder)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._process = subprocess.Popen(
            [
                "git",
                "daemon",
                "--listen=127.0.0.1",
                f"--port={self.port}",
                f"--base-path={folder}",
                "--export-all",
                "--reuseaddr",
                "--enable=receive-pack",
            ],
            cwd=folder,
            env={"PATH": os.environ["PATH"], "HOME": str(folder), "GIT_CONFIG_NOSYSTEM": "1"},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        deadline = time.monotonic() + 10
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                assert time.monotonic() < deadline, "git daemon did not start"
                time.sleep(0.02)

    @property
    def url(self) -> str:
        return f"git://127.0.0.1:{self.port}/shop.git"

    def close(self) -> None:
        os.killpg(self._process.pid, signal.SIGKILL)  # it has nothing to put in order
        self._process.wait(10)
