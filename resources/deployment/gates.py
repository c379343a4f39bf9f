"""What stops a release: each gate's finding as the error that the command ends with, or None."""

from __future__ import annotations

from collections.abc import Sequence

from resources.backup.made import MadeBackup
from resources.errors import BackupFailedError, DriftError, HealthFailedError, ValidationFailedError
from resources.health.status import HealthStatus
from resources.target import Target
from resources.validation.compare import Difference
from resources.validation.validate import ValidationReport

_SHOWN = 5


def backup(made: MadeBackup | None) -> BackupFailedError | None:
    if made is not None and made.manifest.proof.proven:
        return None
    return BackupFailedError(
        "there is no backup that was proven to restore",
        why=made.manifest.proof.result if made else "no backup was made in this run",
        hint="a deployment needs a proof: unset BACKUP_PROOF" if made else "dbsync doctor",
    )


def drift(target: Target, found: Sequence[Difference]) -> DriftError | None:
    if not found or target.policy.accept_drift:
        return None
    return DriftError(
        f"the schema differs from its migrations in {len(found)} place{'s' if len(found) > 1 else ''} "
        "before this release",
        where=target.name,
        why=_shown([str(difference) for difference in found]),
        hint="write it as a migration (dbsync validate shows it), or: dbsync deploy --accept-drift",
    )


def validation(target: Target, report: ValidationReport | None, part: str) -> ValidationFailedError | None:
    """`part` is "schema" or "rules"."""
    if report is None:
        return None
    found = report.schema_problems if part == "schema" else report.rule_problems
    if not found:
        return None
    title = "the schema is not what the migrations make" if part == "schema" else "data rules do not hold"
    return ValidationFailedError(
        f"{title} ({len(found)})",
        where=target.name,
        why=_shown(found),
        hint=f"open {report.html_path}",
    )


def health(target: Target, found: HealthStatus | None) -> HealthFailedError | None:
    if found is None or found.healthy:
        return None
    return HealthFailedError(
        "the health check is not good",
        where=target.name,
        why="; ".join(str(problem) for problem in found.problems),
        hint="put right what is named, then: dbsync health",
    )


def _shown(found: Sequence[str]) -> str:
    more = f" and {len(found) - _SHOWN} more" if len(found) > _SHOWN else ""
    return "; ".join(found[:_SHOWN]) + more
