"""How much of the migrations a database that Prisma never migrated already contains.

`prisma migrate resolve --applied` believes whatever it is told. Here the migrations are replayed on
an empty private server, and after each one the schema is compared with the database's own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from resources.errors import DriftError, HistoryError, UsageError
from resources.mysql.connection import connect, value
from resources.mysql.schema import read_schema
from resources.prisma.folder import MigrationFile
from resources.prisma.lock import MigrationLock
from resources.prisma.resolve import mark_applied
from resources.prisma.status import MigrationStatus
from resources.redact import inert
from resources.target import Target
from resources.validation.beginning import beginning
from resources.validation.compare import Difference, compare
from resources.validation.expected import expected_schemas


@dataclass(frozen=True)
class Baseline:
    """A beginning of the migrations, and how the database differs from what it makes."""

    names: list[str]
    """Those that are to be marked as applied, in order."""
    pending: list[str]
    """Those that a deployment would then run."""
    differences: list[Difference]

    @property
    def is_exact(self) -> bool:
        return not self.differences

    def as_dict(self) -> dict[str, object]:
        return {
            "applied": self.names,
            "pending": self.pending,
            "differences": [one.as_dict() | {"diff": one.diff} for one in self.differences],
        }


def find_baseline(target: Target, status: MigrationStatus, through: str = "") -> Baseline:
    """The beginning of the migrations that the database is nearest to; of equal ones the longest.

    `through`: up to that migration instead. Read-only. Raises HistoryError where there is a history
    already, UsageError for a name that is not there, MigrationFailedError where a script does not run.
    """
    if not status.foreign_tables:
        raise HistoryError(
            "there is nothing to baseline: the database has a migration history, or no tables",
            where=status.target,
            hint="dbsync status",
        )
    names = [file.name for file in status.files]
    if not names:
        raise UsageError(
            "there is no migration that the tables could be the result of",
            where=inert(str(target.migrations)),
            hint="dbsync generate init, which writes the first one from the Prisma schema",
        )
    if through and through not in names:
        raise UsageError(
            f"there is no migration {inert(through)}",
            where=inert(str(target.migrations)),
            hint=f"one of: {inert(', '.join(names))}",
        )
    lengths = [names.index(through) + 1] if through else list(range(1, len(names) + 1))
    compared = _compared(target, status.files, lengths)
    length, differences = min(compared, key=lambda one: (len(one[1]), -one[0]))
    return Baseline(names[:length], names[length:], differences)


def _compared(
    target: Target, files: Sequence[MigrationFile], lengths: Sequence[int]
) -> list[tuple[int, list[Difference]]]:
    with connect(target.endpoint) as connection:
        start = beginning(target, files[: max(lengths)], connection)
        made = expected_schemas(target, [files[:length] for length in lengths], connection, start=start)
        actual = read_schema(connection, target.database)
        case = int(value(connection, "SELECT @@lower_case_table_names"))
    return [
        (length, compare(expected, actual, lower_case_table_names=case))
        for length, expected in zip(lengths, made, strict=True)
    ]


def record_baseline(
    target: Target, baseline: Baseline, lock: MigrationLock, *, accept_differences: bool = False
) -> None:
    """Mark them as applied, as `prisma migrate resolve --applied` does, one after the other.

    Killed half-way it leaves fewer marked, and `resolve --applied` goes on. Raises DriftError
    where the database differs and that is not accepted; nothing is recorded then.
    """
    if baseline.differences and not accept_differences:
        raise DriftError(
            f"the tables differ from what the migrations make in {len(baseline.differences)} places",
            where=target.name,
            why="\n         ".join(str(one) for one in baseline.differences[:10]),
            hint="change the database, or the first migration, until dbsync baseline shows no difference;"
            " or accept them: dbsync baseline --accept-differences --yes",
        )
    for name in baseline.names:
        mark_applied(target, name, lock)
