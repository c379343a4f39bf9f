"""The server that everything is measured on, and a project on a database of any size there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from benchmarks.make_database import make_database
from benchmarks.measure import Measured, environment, measure
from dbsync_assets.demo.stage import DATABASE, Stage, set_stage
from resources.mysql.connection import connect
from resources.mysql.schema import read_schema
from resources.mysql.server import PrivateServer
from resources.settings import CHECKOUT

SCRATCH = CHECKOUT / ".bench"
PROGRAMS = SCRATCH / "bin"
GB_AT_SCALE_ONE = 1.5


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
        return measure(
            [sys.executable, "-P", "-m", "dbsync_assets.cli", *arguments],
            cwd=project or self.shop.project,
            env=environment(PYTHONPATH=str(CHECKOUT), **settings),
            servers=[self.server_pid],
        )

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
        return measure(
            ["bash", "-o", "pipefail", "-ec", script],
            cwd=SCRATCH,
            env=environment(PATH=f"{PROGRAMS}:{os.environ['PATH']}"),
            servers=[(server.pid if server else None) or self.server_pid],
        )

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


LARGE = "large"


def set_bench(rounds: int) -> Bench:
    shutil.rmtree(SCRATCH, ignore_errors=True)  # of an earlier run; a stage wants an empty folder
    stage = set_stage(SCRATCH, 200_000)
    stage.add_good_release()
    return Bench(stage, rounds)
