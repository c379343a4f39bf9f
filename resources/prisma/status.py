"""Where a database stands against its migrations folder: read-only, without a lock, as `migrate status`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from resources.errors import DriftError, HistoryError, NoSuchDatabaseError, NotBaselinedError
from resources.prisma.find_folder import require_prisma_folder
from resources.prisma.findings import Finding, history_findings
from resources.prisma.folder import MigrationFile, read_migrations
from resources.prisma.history import MigrationRow, read_history, user_tables
from resources.prisma.lock_file import require_mysql
from resources.prisma.retry import connect_patiently
from resources.target import Target

# Of a database with tables in a project that has no migrations.
FIRST_BASELINE = (
    "dbsync generate init, which writes the first migration from the schema; then: dbsync baseline"
)


@dataclass(frozen=True)
class MigrationStatus:
    target: str
    files: list[MigrationFile] = field(repr=False)
    """The folder, read once: what `apply_pending` may be given so that these very bytes run."""
    rows: list[MigrationRow] = field(repr=False)
    initialised: bool
    """Whether `_prisma_migrations` exists."""
    database_exists: bool
    foreign_tables: list[str]
    """Tables in a database that has no history: it must be baselined first (Prisma P3005)."""
    findings: list[Finding]

    @property
    def applied_names(self) -> list[str]:
        """Applied and not rolled back, in the order they were applied."""
        return list(dict.fromkeys(row.migration_name for row in self.rows if row.is_applied))

    @property
    def pending_names(self) -> list[str]:
        """What a deployment would run, in the order it would: neither applied nor failed."""
        recorded = {row.migration_name for row in self.rows if row.rolled_back_at is None}
        return [file.name for file in self.files if file.name not in recorded]

    @property
    def pending(self) -> list[str]:
        return self.pending_names

    @property
    def applied(self) -> list[str]:
        return self.applied_names

    @property
    def refused_findings(self) -> list[Finding]:
        return [finding for finding in self.findings if finding.blocking and not finding.accepted]

    @property
    def state(self) -> str:
        """not_baselined | failed | history_not_clean | pending | up_to_date, the worst first."""
        if self.foreign_tables:
            return "not_baselined"
        kinds = {finding.kind for finding in self.refused_findings}
        if kinds:
            return "failed" if "failed" in kinds else "history_not_clean"
        return "pending" if self.pending_names else "up_to_date"

    def refusal(self) -> HistoryError | NotBaselinedError | DriftError | None:
        """Why nothing may be applied on this history, or None."""
        if self.foreign_tables:
            return not_baselined(self.target, self.foreign_tables, self.files)
        found = self.refused_findings
        if not found:
            return None
        if len(found) == 1:
            kind = DriftError if found[0].kind == "does_not_replay" else HistoryError
            return kind(found[0].what, where=self.target, hint=found[0].hint)
        return HistoryError(
            f"the migration history is not clean in {len(found)} places",
            where=self.target,
            why="\n         ".join(finding.what for finding in found),
            hint="\n         ".join(dict.fromkeys(finding.hint for finding in found)),
        )

    def with_finding(self, finding: Finding | None) -> MigrationStatus:
        """The same with one finding more, which took more than folder and history to know."""
        if finding is None or finding in self.findings:
            return self
        return replace(self, findings=[*self.findings, finding])

    def as_dict(self) -> dict[str, object]:
        return {
            "target": self.target,
            "state": self.state,
            "initialised": self.initialised,
            "database_exists": self.database_exists,
            "applied": self.applied_names,
            "pending": self.pending_names,
            "findings": [finding.as_dict() for finding in self.findings],
        }


def migration_status(target: Target) -> MigrationStatus:
    """Read folder and database. A database that does not exist yet counts as empty.

    Raises MigrationsFolderError (unsafe entries, Prisma P3019), HistoryError for rows
    that cannot be read, and what `connect` raises.
    """
    require_prisma_folder(target.migrations)
    require_mysql(target.migrations)
    files = read_migrations(target.migrations)
    exists, recorded, tables = True, None, []
    try:
        with connect_patiently(target) as connection:
            recorded = read_history(connection, target.database)
            if recorded is None:
                tables = user_tables(connection, target.database)
    except NoSuchDatabaseError:
        exists = False
    rows = recorded or []
    return MigrationStatus(
        target=target.name,
        files=files,
        rows=rows,
        initialised=recorded is not None,
        database_exists=exists,
        foreign_tables=tables,
        findings=history_findings(files, rows, target.policy.accepted),
    )


def not_baselined(target: str, tables: list[str], files: list[MigrationFile]) -> NotBaselinedError:
    """Prisma's P3005, with the way out: record what the tables already contain."""
    hint = FIRST_BASELINE
    if files:
        hint = "dbsync baseline, which finds the migrations that they contain; or, one by one: "
        hint += f"dbsync resolve --applied {files[0].name}"
    return NotBaselinedError(
        "The database schema is not empty, and there is no migration history (Prisma P3005)",
        where=target,
        why=f"{len(tables)} tables, `{tables[0]}` among them, and no table `_prisma_migrations`",
        hint=hint,
    )
