"""What migrations and schema make, both on private servers; and whether they are the same."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from resources.errors import GenerateFailedError, MigrationFailedError, MigrationsFolderError
from resources.mysql.connection import Connection, value
from resources.prisma.checksum import checksum
from resources.prisma.failure import failure_of
from resources.prisma.folder import SCRIPT, MigrationFile, read_migrations
from resources.prisma.generate import render
from resources.prisma.generate.datamodel import Datamodel
from resources.prisma.generate.live import LiveTable, live_tables, spelled_as
from resources.prisma.generate.steps import steps
from resources.redact import inert
from resources.target import Target
from resources.validation.expected import expected_schemas

_SCHEMA = "the schema file"
"""What stands for a migration where the schema is made on an empty database."""


def both(
    target: Target, connection: Connection, files: Sequence[MigrationFile], wanted: Datamodel
) -> tuple[dict[str, LiveTable], dict[str, LiveTable]]:
    """What the migrations make, and what the schema makes on an empty database.

    Raises MigrationsFolderError where MySQL refuses the schema, MigrationFailedError of a migration.
    """
    whole = file_of(_SCHEMA, render.whole(wanted))
    try:
        before, after = expected_schemas(target, [files, [whole]], connection)
    except MigrationFailedError as error:
        failure = failure_of(error)
        if failure is None or failure.migration != _SCHEMA:
            raise
        raise MigrationsFolderError(
            "MySQL refuses what the schema asks for",
            why=error.why,
            hint="correct the schema file; Prisma finds it valid, and would fail at the same statement",
        ) from error
    have, twins = live_tables(before.tables), live_tables(after.tables)
    if value(connection, "SELECT @@lower_case_table_names"):
        return spelled_as(have, wanted.tables), spelled_as(twins, wanted.tables)
    return have, twins


def prove(target: Target, connection: Connection, wanted: Datamodel) -> None:
    """Raises GenerateFailedError unless all migrations, the new one last, make the wanted tables."""
    try:
        have, twins = both(target, connection, read_migrations(target.migrations), wanted)
        left = steps(have, wanted, twins)
    except MigrationFailedError as error:
        raise GenerateFailedError(
            "the migration that was written does not run on an empty database, and was removed again",
            where=error.where,
            why=error.why or error.what,
            hint="write it by hand, or report the schema: dbsync generate should have known",
        ) from error
    if left.steps:
        raise GenerateFailedError(
            "the migration that was written does not make what the schema asks for, and was removed again",
            why=inert(" ".join(left.script.split()))[:800],
            hint="write it by hand, or report the schema: dbsync generate should have known",
        )


def file_of(name: str, script: str) -> MigrationFile:
    """Not in the folder: for a replay only. An empty one is a comment, as MySQL refuses no statement."""
    content = (script or "-- nothing\n").encode()
    return MigrationFile(name, Path(name) / SCRIPT, content, checksum(content))
