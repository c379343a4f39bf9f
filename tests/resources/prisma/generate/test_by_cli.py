"""Written by the project's own Prisma CLI: the real one of npm, on an engine that stands in for Prisma's."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from resources.child_environment import child_environment
from resources.errors import EnvironmentCheckError, GenerateFailedError
from resources.mysql.process_identity import started_at
from resources.prisma.folder import read_migrations
from resources.prisma.generate import by_cli
from resources.prisma.generate.generate import generate
from resources.prisma.generate.renames import decisions
from resources.progress import watched_by
from tests.support import schema_engine
from tests.support.heard import Heard
from tests.support.project import Project

pytestmark = pytest.mark.slow

VERSIONS = ("6.19.3", "7.10.1")
AT = datetime(2026, 11, 26, 12, 0, 0, tzinfo=UTC)
LATER = AT.replace(hour=13)
USER = "model User {\n  id Int @id\n  name String\n}\n"
TAG = "model Tag {\n  id Int @id\n}\n"
RENAMED = USER.replace("name String", "title String")
MADE_BY_ENGINE = """-- CreateTable
CREATE TABLE `Tag` (
    `id` INTEGER NOT NULL,

    PRIMARY KEY (`id`)
) /* engine */;
"""
LACKS_THE_KEY = "CREATE TABLE `Tag` (`id` INTEGER NOT NULL);\n"
SAYS = "dbsync writes the migration, not the project's Prisma CLI: "


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """node_modules of each version."""
    folder = tmp_path_factory.mktemp("prisma")

    def install(version: str) -> None:
        place = folder / version
        place.mkdir()
        (place / "package.json").write_text("{}")
        options = ["--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund", "--no-update-notifier"]
        subprocess.run(
            ["npm", "install", *options, f"prisma@{version}"],
            cwd=place,
            env=child_environment(network=True),
            capture_output=True,
            check=True,
            timeout=300,
        )

    with ThreadPoolExecutor() as pool:
        list(pool.map(install, VERSIONS))
    return {version: folder / version / "node_modules" for version in VERSIONS}


@pytest.fixture(scope="module")
def state(tmp_path_factory):
    """One for all tests: what was replayed once is known."""
    return tmp_path_factory.mktemp("state")


class Application:
    """A schema, the migration `init` that made its first form, the CLI, and perhaps an engine."""

    def __init__(self, target, modules: Path, version: str, monkeypatch) -> None:
        self.version, self.engine_folder = version, target.migrations.parent / "engine"
        self.monkeypatch, self.heard = monkeypatch, Heard()
        self.folder = target.migrations.parent / "app"
        (self.folder / "prisma").mkdir(parents=True)
        (self.folder / "node_modules").symlink_to(modules)
        self.target = replace(target, migrations=self.folder / "prisma" / "migrations")
        self.write(USER)
        self.generate("init", by="dbsync", now=AT)

    def write(self, models: str) -> None:
        address = '  url = env("DATABASE_URL")\n' if self.version.startswith("6") else ""
        schema = self.folder / "prisma" / "schema.prisma"
        schema.write_text(f'datasource db {{\n  provider = "mysql"\n{address}}}\n{models}')

    def engine(self, script: str, **more: object) -> None:
        self.engine_folder.mkdir()
        program = self.engine_folder / "schema-engine"
        program.write_text(f"#!{sys.executable}\n{Path(schema_engine.__file__).read_text()}")
        program.chmod(0o755)
        (self.engine_folder / "answer.json").write_text(json.dumps({"script": script, **more}))
        self.monkeypatch.setenv("PRISMA_SCHEMA_ENGINE_BINARY", str(program))

    def seen(self) -> list[dict]:
        """What each engine that was started noted, all together."""
        seen = self.engine_folder / "seen.jsonl"
        return [json.loads(line) for line in seen.read_text().splitlines()] if seen.exists() else []

    def generate(self, name: str, **more):
        with watched_by(self.heard):
            return generate(self.target, name, project=self.folder, **more)

    def names(self) -> list[str]:
        return [file.name for file in read_migrations(self.target.migrations)]


@pytest.fixture
def application(target, parser, installed, state, monkeypatch):
    assert parser.is_dir()
    target = replace(target, state=state)
    monkeypatch.delenv("PRISMA_SCHEMA_ENGINE_BINARY", raising=False)
    return lambda version="7.10.1": Application(target, installed[version], version, monkeypatch)


@pytest.mark.parametrize("version", VERSIONS)
def test_without_an_engine_dbsync_writes_what_it_always_wrote_and_says_why(application, version, monkeypatch):
    app = application(version)
    monkeypatch.setenv("HOME", str(app.folder))  # no engine that this machine may have in its cache
    app.write(USER + TAG)
    made = app.generate("tag", now=LATER)
    assert app.heard.said == [SAYS + "its schema engine is not on this machine"]
    assert made.written_by == made.as_dict()["written_by"] == "dbsync"
    assert made.path
    shutil.rmtree(made.path.parent)
    assert app.generate("tag", by="dbsync", now=LATER) == made
    shutil.rmtree(made.path.parent)
    with pytest.raises(EnvironmentCheckError, match="did not write") as caught:
        app.generate("tag", by="prisma")
    assert "engine is not on this machine" in caught.value.why and "--by dbsync" in caught.value.hint
    assert len(app.names()) == 1


@pytest.mark.parametrize("version", VERSIONS)
def test_the_cli_writes_what_comes_after_the_renames_and_knows_no_address_of_the_target(
    application, version, monkeypatch
):
    app = application(version)
    endpoint = app.target.endpoint
    url = f"mysql://{endpoint.user}:{endpoint.password}@{endpoint.host}:{endpoint.port}/{app.target.database}"
    monkeypatch.setenv("DATABASE_URL", url)
    for folder in (app.folder, app.folder / "prisma"):
        (folder / ".env").write_text(f"DATABASE_URL={url}\n")
    config = f'export default {{ datasource: {{ url: "{url}" }} }}\n'
    (app.folder / "prisma.config.mjs").write_text(config)
    app.engine(MADE_BY_ENGINE)
    app.write(RENAMED + TAG)
    made = app.generate("tag", given=decisions(["User.name=title"], []), now=LATER)
    assert made.written_by == f"prisma {version}" and app.heard.said == []
    rename = "-- AlterTable\nALTER TABLE `User` RENAME COLUMN `name` TO `title`;\n"
    assert made.path and made.path.read_text() == made.script == f"{rename}\n{MADE_BY_ENGINE}"

    seen = app.seen()
    *_, asked = [one["asked"] for one in seen if "asked" in one]
    history = [one["path"] for one in asked["from"]["migrationDirectories"]]
    assert history == [app.names()[0], made.name], "what was decided is replayed before the rest is asked for"
    (tables,) = [one["tables"] for one in seen if "tables" in one]
    assert list(tables) == ["User"] and "`title`" in tables["User"]
    told = json.dumps(seen)
    addresses = set(re.findall(r"mysql://[^\s\"\\]+", told))
    assert addresses and all(re.match(r"mysql://(prisma@)?localhost/\w+\?socket=", one) for one in addresses)
    assert endpoint.password not in told and f":{endpoint.port}" not in told

    again = app.generate("again", by="dbsync")
    assert again.name is None and app.seen() == seen, "by dbsync no CLI is started"


@pytest.mark.parametrize(
    ("script", "reason"),
    [
        (LACKS_THE_KEY, "what it wrote failed the proof"),
        (MADE_BY_ENGINE + "ALTER TABLE `User` DROP COLUMN `name`;\n", "would drop user.name, which stays"),
    ],
)
def test_a_script_that_is_wrong_is_not_left_there_and_dbsync_writes_its_own(application, script, reason):
    app = application()
    app.engine(script)
    app.write(USER + TAG)
    made = app.generate("tag", now=LATER)
    (said,) = app.heard.said
    assert said.startswith(SAYS) and reason in said
    assert made.written_by == "dbsync" and app.names()[1:] == [made.name]
    assert made.path and "engine" not in made.path.read_text()


def test_a_script_that_is_wrong_is_an_error_where_nobody_else_may_write(application):
    app = application()
    app.engine(LACKS_THE_KEY)
    app.write(USER + TAG)
    with pytest.raises(GenerateFailedError, match="removed again"):
        app.generate("tag", by="prisma", now=LATER)
    assert len(app.names()) == 1


def test_an_engine_that_hangs_is_ended_with_its_cli_and_leaves_nothing_running(application, monkeypatch):
    app = application()
    app.engine(MADE_BY_ENGINE, hangs=True)
    monkeypatch.setattr(by_cli, "_SECONDS", 4.0)
    app.write(USER + TAG)
    made = app.generate("tag", now=LATER)
    assert app.heard.said == [SAYS + "it did not answer within 4 seconds and was ended"]
    assert made.written_by == "dbsync"
    processes = [number for one in app.seen() for number in one.get("processes", [])]
    assert len(processes) == 4 and [started_at(number) for number in processes] == [None] * 4
    assert list((app.target.state / "replay").iterdir()) == []
    assert list(Path(tempfile.gettempdir()).glob("dbsync-prisma-*")) == []


def test_where_both_find_nothing_to_do_nothing_is_written(application):
    app = application()
    app.engine("")
    made = app.generate("again", now=LATER)
    assert (made.name, made.script, made.written_by) == (None, "", "prisma 7.10.1")
    assert len(app.names()) == 1


def test_the_command_says_who_wrote_the_migration(application):
    app = application()
    app.engine(MADE_BY_ENGINE)
    app.write(USER + TAG)
    project = Project(app.folder, app.target.endpoint, app.target.database, app.target.tools)
    assert project.run("generate", "tag", "--by", "npx").returncode == 2
    engine = {"PRISMA_SCHEMA_ENGINE_BINARY": str(app.engine_folder / "schema-engine")}
    done = project.run("generate", "tag", **engine)
    assert done.returncode == 0 and "written by prisma 7.10.1: " in done.stdout
    assert app.names()[1].endswith("_tag")
