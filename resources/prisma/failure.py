"""A failed migration in words: for the person, and for Prisma's `logs` column."""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeVar

from resources.errors import DbsyncError, MigrationFailedError
from resources.prisma.checksum import script_bytes
from resources.prisma.execute import error_code, error_text
from resources.prisma.folder import MigrationFile
from resources.prisma.likely_cause import likely_cause
from resources.prisma.locate_statement import Statement, count_statements, locate
from resources.prisma.offending_rows import offending_rows
from resources.prisma.result import MigrationResult
from resources.redact import inert, redact
from resources.target import Target

_SHOWN = 400
"""Characters of a statement that are shown."""

Failed = TypeVar("Failed", bound=MigrationFailedError)
Reported = TypeVar("Reported", bound=DbsyncError)


@dataclass(frozen=True)
class Failure:
    """What is known about a migration that did not succeed; see `failure_of`."""

    migration: str
    outcome: Literal["failed", "unknown"]
    """unknown: the connection was lost, and how far the script came cannot be known."""
    statement: int
    """The statement that was running, from 1; 0 where none was sent."""
    mysql_code: int | None
    applied: tuple[str, ...] = ()
    """Migrations that this run had applied before."""


def failure_of(error: BaseException) -> Failure | None:
    """The facts attached to an error of `apply_pending`."""
    found = vars(error).get("failure")
    return found if isinstance(found, Failure) else None


def reason_of(error: BaseException) -> str:
    """One sentence for the journal, the notice and the result."""
    if isinstance(error, MigrationFailedError):
        return error.what
    return str(error) or type(error).__name__


def failed_result(error: BaseException, seconds: float) -> MigrationResult:
    """`applied_migrations`: what this run had applied before the failure, and has undone since."""
    failure = failure_of(error)
    return MigrationResult(
        success=False,
        migration_id=failure.migration if failure else None,
        applied_migrations=list(failure.applied) if failure else [],
        execution_time=seconds,
        error=reason_of(error),
    )


def attach(error: Reported, failure: Failure) -> Reported:
    vars(error)["failure"] = failure
    return error


def statement_failed(
    target: Target, file: MigrationFile, failure: Failure, cause: BaseException, kind: type[Failed], what: str
) -> Failed:
    """An error naming file:line, the statement, MySQL's message, the offending rows and the state."""
    number = failure.statement
    script = script_bytes(file.content).decode()
    found = locate(script, number)
    code, message = error_code(cause), error_text(cause)
    why = [f"MySQL: ({code}) {message}" if code else f"connection: {message}"]
    if found:
        why.append(f"statement {number}: {_shortened(found)}")
        offenders = offending_rows(target, code, message, found.text)
        if offenders:
            why.append(offenders)
    cause_known = likely_cause(file.content, code, message)
    if cause_known:
        why.append(f"likely: {cause_known}")
    why.append(_state(number, count_statements(script), failure.outcome))
    error = kind(
        redact(inert(what)),
        where=place(file, found),
        why=redact("\n         ".join(inert(line) for line in why)),
        hint=f"correct {inert(file.name)}, then: dbsync deploy",
    )
    return attach(error, failure)


def cannot_run(
    file: MigrationFile, number: int, cause: BaseException, tables: Collection[str]
) -> MigrationFailedError:
    """For a script whose statement `number` was refused on an empty private database that has `tables`."""
    found = locate(script_bytes(file.content).decode(), number)
    why = [f"MySQL: ({error_code(cause)}) {error_text(cause)}"]
    if found:
        why.append(f"statement {number}: {_shortened(found)}")
    cause_known = likely_cause(file.content, error_code(cause), error_text(cause), tables)
    if cause_known:
        why.append(f"likely: {cause_known}")
    why.append("tried on an empty private copy: the database itself was not touched")
    error = MigrationFailedError(
        f"migration `{inert(file.name)}` cannot run: MySQL refused statement {number}",
        where=place(file, found),
        why=redact("\n         ".join(inert(line) for line in why)),
        hint=f"correct {inert(file.name)}; or, if it is applied and relies on what no migration makes, write"
        " that (as it was before it) as a migration 0_baseline, then: dbsync resolve --applied 0_baseline",
    )
    return attach(error, Failure(file.name, "failed", number, error_code(cause)))


def place(file: MigrationFile, statement: Statement | None = None) -> str:
    """`path:line`, relative to the working directory where it lies below it."""
    path = Path(os.path.relpath(file.path))
    shown = str(file.path) if path.parts[:1] == ("..",) else str(path)
    return inert(f"{shown}:{statement.line}" if statement else shown)


def prisma_logs(name: str, cause: BaseException, number: int) -> str:
    """Prisma's P3018 text, as its engine writes it into `logs`."""
    code = error_code(cause)
    text = (
        "A migration failed to apply. New migrations cannot be applied before the error is recovered from. "
        "Read more about how to resolve migration issues in a production database: "
        f"https://pris.ly/d/migrate-resolve\n\nMigration name: {name}\n\n"
        f"Database error code: {code or 'none'}\n\nDatabase error:\n{error_text(cause)}\n"
    )
    # Prisma knows the number only where the server answered.
    return text + (f"\nPlease check the query number {number} from the migration file.\n" if code else "")


def summary(error: DbsyncError) -> str:
    return f"{error.what}: {error.why}" if error.why else error.what


def _shortened(statement: Statement) -> str:
    text = " ".join(statement.text.split())
    return text if len(text) <= _SHOWN else text[:_SHOWN] + " …"


def _state(number: int, total: int, outcome: str) -> str:
    done = "statement 1" if number == 2 else f"statements 1 to {number - 1}"
    before = f"{done} had taken effect, " if number > 1 else ""
    this = "whether this one had is unknown" if outcome == "unknown" else "this one had not"
    left = total - number
    rest = f", {left} more may have run" if outcome == "unknown" else f", {left} more did not run"
    return f"at that moment: {before}{this}{rest if total > number else ''}"
