"""What the schema should be before and after a release, also where no replay can tell.

A database whose oldest tables no migration makes (`prisma db push` came first, a migration was
marked as applied, the history was edited) cannot be made from its migrations. Where a person
accepts that, its own schema stands in for what they should have made, and what is pending is
run on a copy of that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resources.errors import MigrationFailedError, MysqlNotFoundError
from resources.mysql.connection import Connection, connect
from resources.mysql.installation import find_with_reasons
from resources.mysql.schema import Schema
from resources.mysql.server import PrivateServer
from resources.prisma.execute import error_text
from resources.prisma.failure import ACCEPT_DRIFT, BASELINE, failure_of
from resources.prisma.findings import Finding, does_not_replay
from resources.prisma.folder import MigrationFile
from resources.prisma.status import MigrationStatus
from resources.redact import redact
from resources.target import Target
from resources.validation.beginning import beginning
from resources.validation.blueprint import read_blueprint
from resources.validation.expected import expected_schema, expected_schemas


@dataclass(frozen=True)
class Expectation:
    """before, after: None where the migrations do not replay and nobody accepted that.

    With an accepted `finding` both come from the database's own schema.
    """

    before: Schema | None
    after: Schema | None
    finding: Finding | None = None


def expect(target: Target, status: MigrationStatus, own: PrivateServer | None = None) -> Expectation:
    """What the applied and what all migrations make, in one replay.

    own: a private copy of the target to read its own schema from where that is needed; without
    one the target is read. Raises MigrationFailedError where a pending script cannot run.
    """
    applied = applied_files(status)
    pending = [file for file in status.files if file.name in status.pending_names]
    with connect(target.endpoint) as connection:
        finding = next((one for one in status.findings if one.kind == "does_not_replay"), None)
        if finding is None:
            try:
                start = beginning(target, applied, connection)
                chains = [applied, applied + pending]
                before, after = expected_schemas(target, chains, connection, start=start)
                return Expectation(before, after)
            except MigrationFailedError as error:
                finding = _finding(target, error)
                about_history = finding and finding.migration in status.applied_names
                # A pending script too may rely on tables that no migration makes.
                if finding is None or not (about_history or finding.accepted):
                    raise
        if not finding.accepted:
            return Expectation(None, None, finding)
        with own.connect() if own else connect(target.endpoint) as source:
            blueprint = read_blueprint(source, target.database)
        before, after = expected_schemas(target, [[], pending], connection, begin_with=blueprint)
    return Expectation(before, after, finding)


def replay_applied(
    target: Target, applied: Sequence[MigrationFile], connection: Connection
) -> tuple[Schema | None, Finding | None]:
    """What the applied migrations make, or None and the finding that they do not replay."""
    try:
        start = beginning(target, applied, connection)
        return expected_schema(target, applied, connection, start=start), None
    except MigrationFailedError as error:
        finding = _finding(target, error)
        if finding is None:
            raise
        return None, finding


def with_replay(target: Target, status: MigrationStatus) -> MigrationStatus:
    """The same, with the finding where the applied migrations do not replay. Gets no MySQL for it.

    Raises what prevents that from being known: MysqlNotFoundError and other environment errors,
    MigrationFailedError, OSError.
    """
    if not status.applied_names or status.refusal():
        return status  # nothing to run, or something worse
    if find_with_reasons(target.tools.absolute(), target.mysqld)[0] is None:
        raise MysqlNotFoundError("no MySQL to try them on is here yet", hint="dbsync mysql get")
    with connect(target.endpoint) as connection:
        return status.with_finding(replay_applied(target, applied_files(status), connection)[1])


def applied_files(status: MigrationStatus) -> list[MigrationFile]:
    return [file for file in status.files if file.name in status.applied_names and not file.missing]


def _finding(target: Target, error: MigrationFailedError) -> Finding | None:
    """None where the private server gave no answer: that says nothing about the migrations."""
    failure, cause = failure_of(error), error.__cause__
    if failure is None or failure.mysql_code is None or cause is None:
        return None
    why = redact(f"MySQL: ({failure.mysql_code}) {error_text(cause)}")
    return does_not_replay(
        failure.migration,
        error.where,
        why,
        f"{BASELINE}; or {ACCEPT_DRIFT}",
        accepted=target.policy.accept_drift,
    )
