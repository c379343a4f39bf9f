"""The third view: the schema file against the database.

Migrations and database may agree while schema.prisma, which the application's client is made
from, says something else: a migration was forgotten, or not deployed yet.
"""

from __future__ import annotations

from resources.errors import DbsyncError
from resources.mysql.connection import Connection, value
from resources.mysql.schema import HISTORY_TABLE, Schema
from resources.prisma.checksum import checksum
from resources.prisma.folder import MigrationFile
from resources.prisma.generate import render
from resources.prisma.generate.live import live_tables, spelled_as
from resources.prisma.generate.read_schema import read_schema_files
from resources.prisma.generate.steps import steps
from resources.prisma.schema_files import schema_files
from resources.redact import inert
from resources.target import Target
from resources.validation.expected import expected_schema

_MOST = 20
"""Statements told of; where nothing is deployed yet all of them are needed."""


def schema_file_warnings(target: Target, actual: Schema, connection: Connection) -> list[str]:
    """One text per statement that would make the database what the schema file says.

    actual: the database's own schema. Never raises what keeps the schema file from being read
    (no Node.js, a mistake in it): that is a warning too, as the database is none the worse for it.
    """
    try:
        wanted = read_schema_files(schema_files(target.migrations, target.schema_file), target.tools)
        content = (render.whole(wanted) or "-- nothing\n").encode()
        file = MigrationFile("schema", target.migrations / "schema", content, checksum(content))
        made = expected_schema(target, [file], connection)
    except DbsyncError as error:
        return [
            inert(f"schema file: not compared: {error.what}{f' ({error.why})' if error.why else ''}"[:500])
        ]
    there = {name: text for name, text in actual.tables.items() if name.lower() != HISTORY_TABLE}
    have, twins = live_tables(there), live_tables(made.tables)
    if value(connection, "SELECT @@lower_case_table_names"):
        have, twins = spelled_as(have, wanted.tables), spelled_as(twins, wanted.tables)
    found = steps(have, wanted, twins)
    said = [
        inert(f"schema file: the database would need {' '.join(statement.split())}")
        for _, statement in found.steps
    ]
    more = len(said) - _MOST
    return [*said[:_MOST], f"schema file: and {more} statements more"] if more > 0 else said
