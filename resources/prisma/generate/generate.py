"""The next migration: from what the migrations make to what the schema file asks for.

The server is the authority on what is equal: the wanted tables are made on a private server too,
and its own texts are compared. What was written, by whomever, is replayed and compared again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

from resources import progress
from resources.errors import EnvironmentCheckError, GenerateFailedError
from resources.mysql.connection import Connection, connect
from resources.prisma.folder import MigrationFile, read_migrations
from resources.prisma.generate import render
from resources.prisma.generate.by_cli import script_by_cli
from resources.prisma.generate.datamodel import Datamodel
from resources.prisma.generate.losses import dropped
from resources.prisma.generate.project_cli import find_project_cli
from resources.prisma.generate.read_schema import read_schema_files
from resources.prisma.generate.renames import (
    Decisions,
    Undecided,
    in_database_names,
    questions,
    statements,
)
from resources.prisma.generate.replay import both, file_of, prove
from resources.prisma.generate.run_cli import CliUnusable
from resources.prisma.generate.steps import Steps, steps
from resources.prisma.generate.write import free_name, remove_written, write_migration
from resources.prisma.lock_file import require_mysql
from resources.prisma.schema_files import schema_files
from resources.redact import inert
from resources.target import Target

By = Literal["auto", "prisma", "dbsync"]
_OURS = "dbsync"
_SHOWN = 160
"""Characters of a failed proof in the line that tells of it."""


@dataclass(frozen=True)
class Generated:
    """name: of the new migration; None where nothing is to be done."""

    name: str | None
    path: Path | None
    script: str
    warnings: tuple[str, ...] = field(default=())
    written_by: str = _OURS
    """"dbsync", or the project's CLI: "prisma 6.19.3"."""

    def as_dict(self) -> dict[str, object]:
        return {
            "migration": self.name,
            "path": str(self.path) if self.path else None,
            "script": self.script,
            "warnings": list(self.warnings),
            "written_by": self.written_by,
        }


@dataclass(frozen=True)
class _Plan:
    """renames: what was decided; they come first, whoever writes the rest. files: up to them."""

    target: Target
    connection: Connection
    name: str
    wanted: Datamodel
    files: Sequence[MigrationFile]
    renames: Sequence[tuple[str, str]]
    rest: Steps

    def script(self, rest: str) -> str:
        """A whole migration.sql: what it would lose, the renames, and `rest`."""
        text = "\n".join(part for part in (render.script(self.renames), rest) if part)
        return render.heading(self.rest.warnings) + text if text else ""


def generate(
    target: Target,
    name: str,
    *,
    schema: Path | None = None,
    project: Path | None = None,
    by: By = "auto",
    given: Decisions | None = None,
    now: datetime | None = None,
) -> Generated:
    """Write `<timestamp>_<name>/migration.sql` below the target's migrations, or nothing.

    schema: the file or folder of the schema where it does not lie beside the migrations. project: the
    application's folder, where its own Prisma CLI is looked for. by: who writes; "auto" is that CLI
    where it can, else dbsync. Reads the target's settings; nothing is applied to it. Raises Undecided
    where a rename is possible and was not decided; GenerateFailedError where what was written does not
    make the wanted tables (it is removed again); MigrationsFolderError, MigrationFailedError and
    EnvironmentCheckError of what stands in the way, the latter also where the CLI must and cannot.
    """
    require_mysql(target.migrations)
    name = free_name(target.migrations, name, now or datetime.now(UTC))
    texts = schema_files(target.migrations, schema)
    wanted = read_schema_files(texts, target.tools)
    with connect(target.endpoint) as connection:
        plan = _plan(target, connection, name, wanted, given or Decisions({}))
        if by != "dbsync":
            try:
                return _by_prisma(plan, texts, project or target.migrations.parent.parent)
            except (CliUnusable, GenerateFailedError) as error:
                if by == "prisma" and isinstance(error, CliUnusable):
                    raise _refusal(error, texts) from error
                if by == "prisma":
                    raise
                progress.say(f"dbsync writes the migration, not the project's Prisma CLI: {_reason(error)}")
        return _written(plan, plan.rest.statements, _OURS)


def _by_prisma(plan: _Plan, texts: Sequence[tuple[str, str]], project: Path) -> Generated:
    """Raises CliUnusable, and GenerateFailedError of what the CLI wrote."""
    cli = find_project_cli(Path(texts[0][0]), project)
    if cli is None:
        raise CliUnusable("there is no package `prisma` in the project's node_modules")
    rest = script_by_cli(plan.target, plan.connection, cli, texts, plan.files)
    if more := sorted(dropped(rest) - dropped(plan.rest.statements)):
        raise CliUnusable(f"{cli.name} would drop {inert(', '.join(more))}, which stays in the schema")
    if plan.rest.steps and not rest:
        raise CliUnusable(f"{cli.name} finds nothing to do where MySQL shows a difference")
    return _written(plan, rest, cli.name)


def _written(plan: _Plan, rest: str, by: str) -> Generated:
    """The migration in its place, proven; or nothing where there is none."""
    script = plan.script(rest)
    if not script:
        return Generated(None, None, "", written_by=by)
    path = write_migration(plan.target.migrations, plan.name, script)
    try:
        prove(plan.target, plan.connection, plan.wanted)
    except BaseException:
        remove_written(path)
        raise
    return Generated(plan.name, path, script, plan.rest.warnings, by)


def _plan(target: Target, connection: Connection, name: str, wanted: Datamodel, given: Decisions) -> _Plan:
    """The steps after the renames. Raises Undecided."""
    files = read_migrations(target.migrations)
    have, twins = both(target, connection, files, wanted)
    decided = in_database_names(given, have, wanted)
    renames = statements(decided)
    now = have
    if renames:
        script = render.script(renames)
        # A name without the time: the replay of one decision serves the next question too.
        now, twins = both(target, connection, [*files, file_of("9" * 14 + "_rename", script)], wanted)
        files = [*files, file_of(name, script)]
    if open_ := list(questions(now, wanted, twins, decided)):
        raise Undecided(open_)
    return _Plan(target, connection, name, wanted, files, renames, steps(now, wanted, twins))


def _refusal(error: CliUnusable, texts: Sequence[tuple[str, str]]) -> EnvironmentCheckError:
    return EnvironmentCheckError(
        "the project's Prisma CLI did not write the migration; nothing was written",
        where=inert(texts[0][0]),
        why=str(error),
        hint="dbsync generate NAME --by dbsync; about the CLI: npx prisma version",
    )


def _reason(error: CliUnusable | GenerateFailedError) -> str:
    """One line."""
    if isinstance(error, CliUnusable):
        return str(error)
    return f"what it wrote failed the proof; left: {' '.join(error.why.split())[:_SHOWN]}"
