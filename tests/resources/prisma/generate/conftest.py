"""Two databases side by side: what one schema makes, and what another asks for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from resources.mysql.connection import connect, execute, quoted
from resources.mysql.schema import read_schema
from resources.mysql.server import PrivateServer
from resources.prisma.generate import render
from resources.prisma.generate.datamodel import Datamodel
from resources.prisma.generate.live import LiveTable, live_tables
from resources.prisma.generate.parser_package import get_parser
from resources.prisma.generate.read_schema import read_schema_files
from resources.prisma.generate.steps import Steps, steps

DATASOURCE = 'datasource db {\n  provider = "mysql"\n}\n'

Read = Callable[[str], Datamodel]


@pytest.fixture(scope="session")
def parser(tools: Path) -> Path:
    return get_parser(tools)


@pytest.fixture
def read(parser: Path, tools: Path) -> Read:
    """The tables of a schema's text, which lacks its datasource."""
    assert parser.is_dir()
    return lambda text: read_schema_files([("schema.prisma", DATASOURCE + text)], tools)


class Edit:
    """One schema turned to another on a real server."""

    def __init__(self, server: PrivateServer, database: str, read: Read) -> None:
        self.server, self.database, self.read = server, database, read

    def make(self, name: str, script: str) -> None:
        with connect(self.server.tcp_endpoint, None, multi_statements=True) as connection:
            execute(connection, f"CREATE DATABASE IF NOT EXISTS {quoted(name)}")
            connection.select_db(name)
            with connection.cursor() as cursor:
                cursor.execute(script or "-- nothing")
                while cursor.nextset():
                    pass

    def tables(self, name: str) -> dict[str, LiveTable]:
        with connect(self.server.tcp_endpoint, name) as connection:
            return live_tables(read_schema(connection, name).tables)

    def __call__(self, before: str, after: str) -> Steps:
        """The steps from one to the other; they are run, and must leave nothing to do."""
        there, wanted = f"{self.database}__have", f"{self.database}__want"
        model = self.read(after)
        self.make(there, render.whole(self.read(before)))
        self.make(wanted, render.whole(model))
        twins = self.tables(wanted)
        found = steps(self.tables(there), model, twins)
        self.make(there, found.script)
        left = steps(self.tables(there), model, twins)
        assert left.script == ""
        return found


@pytest.fixture
def edit(server: PrivateServer, database: str, read: Read) -> Edit:
    return Edit(server, database, read)
