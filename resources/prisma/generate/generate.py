"""The next migration: from what the migrations make to what the schema file asks for.

The server is the authority on what is equal: the wanted tables are made on a private server too,
and its own texts are compared. What was written is replayed and compared again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from resources.errors import GenerateFailedError, MigrationFailedError, MigrationsFolderError
from resources.mysql.connection import Connection, connect, value
from resources.prisma.checksum import checksum
from resources.prisma.failure import failure_of
from resources.prisma.folder import SCRIPT, MigrationFile, read_migrations
from resources.prisma.generate import render
from resources.prisma.generate.datamodel import Datamodel
from resources.prisma.generate.live import LiveTable, live_tables, spelled_as
from resources.prisma.generate.read_schema import read_schema_files
from resources.prisma.generate.renames import (
    Decisions,
    Undecided,
    in_database_names,
    questions,
    statements,
)
from resources.prisma.generate.steps import Steps, steps
from resources.prisma.generate.write import free_name, remove_written, write_migration
from resources.prisma.lock_file import require_mysql
from resources.prisma.schema_files import schema_files
from resources.redact import inert
from resources.target import Target
from resources.validation.expected import expected_schemas

_SCHEMA = "the schema file"
"""What stands for a migration where the schema is made on an empty database."""


@dataclass(frozen=True)
class Generated:
    """name: of the new migration; None where nothing is to be done."""

    name: str | None
    path: Path | None
    script: str
    warnings: tuple[str, ...] = field(default=())

    def as_dict(self) -> dict[str, object]:
        return {
            "migration": self.name,
            "path": str(self.path) if self.path else None,
            "script": self.script,
            "warnings": list(self.warnings),
        }


def generate(
    target: Target,
    name: str,
    *,
    schema: Path | None = None,
    given: Decisions | None = None,
    now: datetime | None = None,
) -> Generated:
    """Write `<timestamp>_<name>/migration.sql` below the target's migrations, or nothing.

    schema: the file or folder of the schema where it does not lie beside the migrations. Reads the
    target's settings; nothing is applied to it. Raises Undecided where a rename is
    possible and was not decided; GenerateFailedError where what was written does not make the
    wanted tables (it is removed again); MigrationsFolderError, MigrationFailedError and
    EnvironmentCheckError of what stands in the way.
    """
    require_mysql(target.migrations)
    name = free_name(target.migrations, name, now or datetime.now(UTC))
    wanted = read_schema_files(schema_files(target.migrations, schema), target.tools)
    files = read_migrations(target.migrations)
    with connect(target.endpoint) as connection:
        planned, first = _plan(target, connection, files, wanted, given or Decisions({}))
        script = render.script([*first, *planned.steps], planned.warnings)
        if not script:
            return Generated(None, None, "")
        path = write_migration(target.migrations, name, script)
        try:
            _prove(target, connection, wanted)
        except BaseException:
            remove_written(path)
            raise
    return Generated(name, path, script, planned.warnings)


def _plan(
    target: Target,
    connection: Connection,
    files: Sequence[MigrationFile],
    wanted: Datamodel,
    given: Decisions,
) -> tuple[Steps, list[tuple[str, str]]]:
    """The steps, and the renames that come before them."""
    have, twins = _both(target, connection, files, wanted)
    decided = in_database_names(given, have, wanted)
    renames = statements(decided)
    now = have
    if renames:
        renamed = _file("9" * 14 + "_rename", render.script(renames))
        now, twins = _both(target, connection, [*files, renamed], wanted)
    if open_ := list(questions(now, wanted, twins, decided)):
        raise Undecided(open_)
    return steps(now, wanted, twins), renames


def _both(
    target: Target, connection: Connection, files: Sequence[MigrationFile], wanted: Datamodel
) -> tuple[dict[str, LiveTable], dict[str, LiveTable]]:
    """What the migrations make, and what the schema makes on an empty database."""
    whole = _file(_SCHEMA, render.whole(wanted))
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


def _prove(target: Target, connection: Connection, wanted: Datamodel) -> None:
    """Raises GenerateFailedError unless all migrations, the new one last, make the wanted tables."""
    try:
        have, twins = _both(target, connection, read_migrations(target.migrations), wanted)
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


def _file(name: str, script: str) -> MigrationFile:
    """Not in the folder: for a replay only. An empty one is a comment, as MySQL refuses no statement."""
    content = (script or "-- nothing\n").encode()
    return MigrationFile(name, Path(name) / SCRIPT, content, checksum(content))
