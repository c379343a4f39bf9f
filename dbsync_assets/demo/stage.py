"""What the demo plays on: a copy of the example shop as a git repository, and a private MySQL."""

from __future__ import annotations

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from examples.shop.seed import seed
from resources import progress
from resources.child_environment import child_environment
from resources.deployment.preflight import ensure_database
from resources.errors import EnvironmentCheckError, UsageError
from resources.mysql.connection import connect
from resources.mysql.get import get_mysql
from resources.mysql.leftovers import stop_leftovers
from resources.mysql.server import PrivateServer
from resources.mysql.server_record import SETTINGS_FILE
from resources.mysql.server_variables import LASTING, merged
from resources.settings import CHECKOUT, Settings, load_settings, target_of
from resources.target import Target

SHOP = CHECKOUT / "examples" / "shop"
DATABASE = "shop"
MARK = ".dbsync-demo"
PENDING = 3
"""How many of the shop's migrations act one releases."""


@dataclass
class Stage:
    project: Path
    server: PrivateServer
    settings: Settings
    target: Target

    def commit(self, message: str) -> None:
        _git(self.project, "add", "-A")
        _git(self.project, "commit", "-q", "-m", message)

    def add_good_release(self) -> None:
        for folder in _migrations()[-PENDING:]:
            shutil.copytree(folder, self.target.migrations / folder.name)
        self.commit("Good release: three migrations")

    def add_bad_release(self) -> None:
        for folder in sorted((SHOP / "bad_release" / "migrations").iterdir()):
            if folder.is_dir():
                shutil.copytree(folder, self.target.migrations / folder.name)
        self.commit("Bad release: a unique index over rows that are not unique")


def set_stage(folder: Path, rows: int) -> Stage:
    """A fresh stage in `folder` with the shop's first migrations applied and `rows` rows seeded.

    Raises UsageError where `folder` holds anything but an earlier demo, EnvironmentCheckError without git.
    """
    project = folder / "shop"
    if shutil.which("git") is None:
        raise EnvironmentCheckError("the demo needs git, and none is on PATH", hint="apt-get install git")
    _make_room(folder)
    shutil.copytree(
        SHOP, project, ignore=shutil.ignore_patterns("bad_release", "migrations", "*.py", "node_modules")
    )
    migrations = project / "prisma" / "migrations"
    migrations.mkdir(parents=True)
    shutil.copy(SHOP / "prisma" / "migrations" / "migration_lock.toml", migrations)
    for base in _migrations()[:-PENDING]:
        shutil.copytree(base, migrations / base.name)
    with progress.step("start a private MySQL"):
        tools = load_settings(CHECKOUT).tools
        assert tools
        installation = get_mysql(tools, load_settings(CHECKOUT).mysqld)
        server = PrivateServer.create(
            installation,
            folder / "mysql",
            tcp=True,
            variables=merged(LASTING, {"binlog_row_metadata": "FULL"}),
        )
        server.start()
    endpoint = server.tcp_endpoint
    (project / ".env").write_text(
        f"DATABASE_URL=mysql://{endpoint.user}:{endpoint.password}@127.0.0.1:{endpoint.port}/{DATABASE}\n",
        encoding="utf-8",
    )
    (project / ".env").chmod(0o600)
    (project / ".gitignore").write_text(".env\n.dbsync/\nnode_modules/\n", encoding="utf-8")
    settings = load_settings(project)
    stage = Stage(project, server, settings, target_of(settings))
    _git(project, "init", "-q")
    stage.commit("The shop as it runs in production")
    _fill(stage, rows)
    return stage


def _make_room(folder: Path) -> None:
    """An empty folder with the mark of a demo. What an earlier one left is removed, nothing else ever is."""
    if folder.exists():
        found = {path.name for path in folder.iterdir()} if folder.is_dir() else {""}
        marked = MARK in found or (found == {"shop", "mysql"} and (folder / "mysql" / SETTINGS_FILE).exists())
        if found and not marked:
            raise UsageError(
                "the demo's folder is not empty, and what is in it is no earlier demo",
                where=str(folder),
                why="the demo begins by deleting everything in its folder",
                hint="dbsync demo --folder NEW_FOLDER",
            )
        stop_leftovers(folder)
        shutil.rmtree(folder)
    folder.mkdir(parents=True, mode=0o700)
    (folder / MARK).touch()


def _fill(stage: Stage, rows: int) -> None:
    from resources.prisma.apply import apply_pending
    from resources.prisma.lock import MigrationLock

    ensure_database(stage.target)
    with MigrationLock(stage.target, "demo") as lock:
        apply_pending(stage.target, lock, lambda *_: None)
    with progress.step(f"fill the shop with {rows:,} rows"):
        with connect(stage.target.endpoint, DATABASE) as connection:
            seed(connection, rows)


def _migrations() -> list[Path]:
    return sorted(path for path in (SHOP / "prisma" / "migrations").iterdir() if path.is_dir())


def _git(folder: Path, *arguments: str) -> None:
    identity = (
        "-c",
        "user.name=dbsync demo",
        "-c",
        "user.email=demo@localhost",
        "-c",
        "commit.gpgsign=false",
    )
    done = subprocess.run(
        ["git", *identity, *arguments],
        cwd=folder,
        check=False,
        env=child_environment(GIT_CONFIG_NOSYSTEM="1", HOME=str(folder), LC_ALL="C.UTF-8"),
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        raise EnvironmentCheckError(
            f"git {arguments[0]} failed", where=str(folder), why=done.stderr.strip(), hint="git --version"
        )
