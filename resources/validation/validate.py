"""Whether schema and data are what the applied migrations say. Reads only; needs no lock."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace

import pymysql

from resources import progress
from resources.errors import ConnectError
from resources.html.report import write_report
from resources.mysql.connection import Connection, connect, is_lost, value
from resources.mysql.digest import TableDigest
from resources.mysql.schema import read_schema
from resources.prisma.find_folder import require_prisma_folder
from resources.prisma.findings import Finding, history_findings
from resources.prisma.folder import MigrationFile, read_migrations
from resources.prisma.history import MigrationRow, read_history, schema_version
from resources.redact import inert, redact
from resources.target import Target
from resources.validation.compare import Difference, compare
from resources.validation.expectation import Expectation, replay_applied
from resources.validation.report import render_html
from resources.validation.result import ValidationReport, ValidationResult
from resources.validation.rules.expectations import preload
from resources.validation.rules.rule import RuleResult
from resources.validation.rules.run import run_rules
from resources.validation.rules.scan import TOTAL_SECONDS, Scan
from resources.validation.rules.scope import Scope
from resources.validation.schema_file import schema_file_warnings

# After these the expected schema cannot be known; the other findings leave it knowable.
_BREAKS_EXPECTATION = frozenset({"missing", "failed", "does_not_replay"})


@dataclass
class _Clock:
    seconds: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def measure(self, name: str) -> Iterator[None]:
        begun = time.monotonic()
        try:
            yield
        finally:
            self.seconds[name] = time.monotonic() - begun


def validate(
    target: Target,
    *,
    expectation: Expectation | None = None,
    before: Mapping[str, TableDigest] | None = None,
    accepted_drift: Sequence[Difference] = (),
    changed_by_others: Mapping[str, int] | None = None,
) -> ValidationReport:
    """Compare the target with its applied migrations, run every data rule, write the HTML report.

    expectation: what the release was to make; without it the applied migrations are replayed.
    before: rows per table when the release began. changed_by_others: net rows (inserts less
    deletes) that other sessions changed since, from the binlog; without it a small fall of a
    row count only warns. accepted_drift: differences that a person accepted before the release.
    Where `target.schema_file` is set, what differs from schema.prisma is a warning each.
    Where they do not replay the schema is not compared: an inconsistency, or where a person
    accepts drift a warning. Raises MigrationsFolderError, SettingsError for a malformed rule file,
    MigrationFailedError where the private server failed, and the errors of `connect`.
    """
    clock = _Clock()
    importing = preload()
    require_prisma_folder(target.migrations)
    with clock.measure("total"), _reader(target) as connection:
        files = read_migrations(target.migrations)
        history = read_history(connection, target.database) or []
        with clock.measure("expected"):
            if expectation is not None and expectation.after is not None:
                wanted, unreplayable = expectation.after, expectation.finding
            else:
                wanted, unreplayable = replay_applied(target, _applied(files, history), connection)
        with clock.measure("actual"):
            actual = read_schema(connection, target.database)
        said: list[str] = []
        if target.schema_file:
            with clock.measure("schema file"):
                said = schema_file_warnings(target, actual, connection)
        expected = wanted or actual
        case = int(value(connection, "SELECT @@lower_case_table_names"))
        found = compare(expected, actual, lower_case_table_names=case)
        accepted = [difference for difference in found if difference.is_as_accepted(accepted_drift)]
        differences = [difference for difference in found if difference not in accepted]
        scope = Scope(
            Scan(connection),
            target.database,
            expected,
            actual,
            before,
            changed_by_others,
            target.policy.accept_fewer_rows,
            fold=case != 0,
        )
        with clock.measure("import"):
            importing.join()
        with clock.measure("rules"):
            rules = run_rules(scope, target.data_rules)
    findings = history_findings(files, history, target.policy.accepted)
    if unreplayable:
        findings.append(_with_consequence(unreplayable, compared=wanted is not None))
    report = _judge(findings, history, differences, accepted, rules, said, clock.seconds)
    path = write_report(target.storage, "validation", lambda at: render_html(report, target.name, at))
    return replace(report, html_path=path)


@contextmanager
def _reader(target: Target) -> Iterator[Connection]:
    with connect(target.endpoint, target.database, read_timeout=TOTAL_SECONDS + 30) as connection:
        try:
            yield connection
        except pymysql.err.MySQLError as error:
            if not is_lost(error):
                raise
            raise ConnectError(
                "the connection was lost while validating; nothing was written",
                where=str(target.endpoint),
                why=redact(str(error.args[-1]) if error.args else type(error).__name__),
                hint="dbsync validate",
            ) from error


def _applied(files: Sequence[MigrationFile], history: Sequence[MigrationRow]) -> list[MigrationFile]:
    names = {row.migration_name for row in history if row.is_applied}
    return [file for file in files if file.name in names and not file.missing]


def _with_consequence(unreplayable: Finding, *, compared: bool) -> Finding:
    if compared:
        done = "compared with the schema before this release, plus its migrations, instead"
    else:
        done = f"so the schema was not compared. Next: {unreplayable.hint}"
    return replace(unreplayable, what=f"{unreplayable.what}; {done}")


def _judge(
    findings: Sequence[Finding],
    history: Sequence[MigrationRow],
    differences: Sequence[Difference],
    accepted: Sequence[Difference],
    rules: Sequence[RuleResult],
    said: Sequence[str],
    seconds: dict[str, float],
) -> ValidationReport:
    schema_problems: list[str] = []
    warnings: list[str] = []
    recorded = {row.migration_name for row in history}
    for finding in findings:
        unknowable = finding.kind in _BREAKS_EXPECTATION and finding.migration in recorded
        serious = unknowable and not finding.accepted
        (schema_problems if serious else warnings).append(inert(f"history: {finding.what}"))
    schema_problems += [str(difference) for difference in differences]
    warnings += [f"accepted drift: {difference}" for difference in accepted]
    rule_problems = [problem for rule in rules for problem in rule.problems]
    warnings += said
    warnings += [warning for rule in rules for warning in rule.warnings]
    result = ValidationResult(
        is_valid=not schema_problems and not rule_problems,
        schema_version=schema_version(history),
        inconsistencies=[*schema_problems, *rule_problems],
        warnings=warnings,
    )
    progress.say(
        f"validation: {'valid' if result.is_valid else 'NOT valid'},"
        f" {len(result.inconsistencies)} inconsistencies, {len(warnings)} warnings"
    )
    return ValidationReport(
        result, schema_problems, rule_problems, differences, accepted, rules, dict(seconds)
    )
