"""A database with everything in it that backups have lost elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from resources import progress
from resources.mysql.connection import Connection, connect, execute
from resources.mysql.digest import TableDigest, table_digests
from resources.mysql.endpoint import Endpoint
from resources.mysql.installation import UnusableError
from resources.mysql.schema import read_schema
from resources.target import Target
from tests.support.mydumper import debian_mydumper

AWKWARD = Path(__file__).with_name("awkward.sql")
LOSSY = Path(__file__).with_name("lossy.sql")


@dataclass(frozen=True)
class World:
    schema: dict[str, dict[str, str]]
    digests: dict[str, TableDigest]


def world(endpoint: Endpoint, database: str) -> World:
    """Everything that a backup must bring back."""
    with connect(endpoint, database) as connection:
        schema = read_schema(connection, database).as_dict()
    return World(schema, table_digests(endpoint, database))


def run_file(connection: Connection, path: Path) -> None:
    """Statements separated by lines of `;;`."""
    execute(connection, "SET SESSION sql_mode = ''")
    for statement in path.read_text(encoding="utf-8").split(";;\n"):
        if statement.strip():
            execute(connection, statement)


@pytest.fixture(scope="session")
def debian(tools) -> Path:
    """The distribution's mydumper."""
    try:
        return debian_mydumper(tools)
    except UnusableError as error:
        pytest.skip(f"no mydumper to be had here: {error}")


@pytest.fixture
def awkward(target: Target, connection: Connection) -> Target:
    """What every engine must keep."""
    run_file(connection, AWKWARD)
    return target


@pytest.fixture
def lossy(awkward: Target, connection: Connection) -> Target:
    """The same, with what only a physical copy keeps: FLOAT beyond six digits, typed JSON."""
    run_file(connection, LOSSY)
    return awkward


@pytest.fixture
def source(request, tmp_path) -> Path:
    """A folder of files, which the test module names in CONTENTS: path → bytes."""
    for name, data in request.module.CONTENTS.items():
        path = tmp_path / "source" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path / "source"


@pytest.fixture
def backup(tmp_path) -> Path:
    """The empty folder of a backup."""
    folder = tmp_path / "backup"
    folder.mkdir()
    return folder


class Said(progress.Silent):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, text: str) -> None:
        self.lines.append(text)


@pytest.fixture
def said() -> Iterator[Said]:
    """What was said to whoever watches."""
    watcher = Said()
    with progress.watched_by(watcher):
        yield watcher


def entries(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir()) if folder.exists() else []


def leftovers(target: Target) -> list[str]:
    """What an ended backup must not leave: partial backups and private servers' folders."""
    partial = [name for name in entries(target.storage) if "partial" in name]
    return partial + entries(target.state / "servers")
