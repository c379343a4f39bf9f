"""The server that everything is measured on, and a project on a database of any size there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from benchmarks.make_database import make_database
from benchmarks.measure import Measured, environment, measure
from dbsync_assets.demo.stage import DATABASE, Stage, set_stage
from resources.mysql.connection import Connection, connect, execute, rows, value
from resources.mysql.schema import read_schema
from resources.mysql.server import PrivateServer
from resources.settings import CHECKOUT

SCRATCH = CHECKOUT / ".bench"
PROGRAMS = SCRATCH / "bin"
GB_AT_SCALE_ONE = 1.5
_SETTLED_WITHIN, _FEW_PAGES = 120.0, 64
"""Seconds; pages of 16 KB that a server at rest goes on writing to."""


@dataclass(frozen=True)
class Bench:
    shop: Stage
    rounds: int

    @property
    def server_pid(self) -> int:
        pid = self.shop.server.pid
        assert pid
        return pid

    def verb(self, *arguments: str, project: Path | None = None, **settings: str) -> Measured:
        """`dbsync ARGUMENTS` in the shop's project or another one, `settings` in its environment."""
        found = measure(
            [sys.executable, "-P", "-m", "dbsync_assets.cli", *arguments],
            cwd=project or self.shop.project,
            env=environment(PYTHONPATH=str(CHECKOUT), **settings),
            servers=[self.server_pid],
        )
        _settle(self.shop.server)
        return found

    def read(self, *arguments: str, project: Path) -> str:
        """What `dbsync ARGUMENTS` prints, not measured."""
        done = subprocess.run(
            [sys.executable, "-P", "-m", "dbsync_assets.cli", *arguments],
            cwd=project,
            env=environment(PYTHONPATH=str(CHECKOUT)),
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def shell(self, script: str, server: PrivateServer | None = None) -> Measured:
        """A pipeline in bash; a failure of any part of it is one of the whole.

        `server`: what works for it, if not the server that everything is measured on.
        """
        server = server or self.shop.server
        assert server.pid
        found = measure(
            ["bash", "-o", "pipefail", "-ec", script],
            cwd=SCRATCH,
            env=environment(PATH=f"{PROGRAMS}:{os.environ['PATH']}"),
            servers=[server.pid],
        )
        _settle(server)
        return found

    def large_project(self, gigabytes: float) -> Path:
        """Tables of that size in database `large`, and a project whose one migration is what is there."""
        print(f"making {gigabytes:g} GB of tables …", flush=True)
        make_database(self.shop.target.endpoint, LARGE, gigabytes / GB_AT_SCALE_ONE)
        project = SCRATCH / LARGE
        shutil.rmtree(project, ignore_errors=True)  # of another size
        migration = project / "prisma" / "migrations" / "0_init"
        migration.mkdir(parents=True)
        with connect(self.shop.target.endpoint, LARGE) as connection:
            tables = read_schema(connection, LARGE).tables
        (migration / "migration.sql").write_text(";\n".join([*tables.values(), ""]), encoding="utf-8")
        url = (self.shop.project / ".env").read_text(encoding="utf-8")
        (project / ".env").write_text(url.replace(f"/{DATABASE}\n", f"/{LARGE}\n"), encoding="utf-8")
        (project / ".env").chmod(0o600)
        self.verb("resolve", "--applied", "0_init", project=project)
        return project


def _settle(server: PrivateServer) -> None:
    """What a command left to be written is written, or the next one would pay for it.

    Loading 1.5 GB keeps a server busy for many seconds more: a restore that followed it took 23 s
    instead of 16.
    """
    with server.connect() as connection:
        usual = value(connection, "SELECT @@innodb_max_dirty_pages_pct")
        execute(connection, "SET GLOBAL innodb_max_dirty_pages_pct = 0")
        deadline = time.monotonic() + _SETTLED_WITHIN
        while _dirty_pages(connection) > _FEW_PAGES and time.monotonic() < deadline:
            time.sleep(0.2)
        execute(connection, f"SET GLOBAL innodb_max_dirty_pages_pct = {usual}")
    os.sync()


def _dirty_pages(connection: Connection) -> int:
    found = rows(connection, "SHOW GLOBAL STATUS LIKE 'Innodb_buffer_pool_pages_dirty'")
    return int(found[0][1])


LARGE = "large"


def set_bench(rounds: int) -> Bench:
    shutil.rmtree(SCRATCH, ignore_errors=True)  # of an earlier run; a stage wants an empty folder
    stage = set_stage(SCRATCH, 200_000)
    stage.add_good_release()
    return Bench(stage, rounds)
