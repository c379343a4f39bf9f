"""The live schema against the migrations that are applied, outside any release."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any
from uuid import uuid4

from resources.journal import Journal
from resources.mysql.connection import connect, value
from resources.mysql.schema import read_schema
from resources.prisma.status import migration_status
from resources.release_source.attempts import recorded
from resources.release_source.exported import export_migrations, mirror_of
from resources.rollback.reconcile import unfinished
from resources.target import Target
from resources.validation.compare import compare
from resources.validation.expectation import applied_files, replay_applied

_SHOWN = 10


@dataclass(frozen=True)
class LiveDrift:
    """differences: one line each. unknown: why nothing can be said, "" where it can."""

    tables: int
    applied: int
    differences: Sequence[str] = ()
    unknown: str = ""

    @property
    def state(self) -> str:
        if self.unknown:
            return "unknown"
        return "drifted" if self.differences else "as the migrations make it"

    def as_dict(self) -> dict[str, Any]:
        return {
            "state": self.state,
            "tables": self.tables,
            "applied": self.applied,
            "differences": list(self.differences[:_SHOWN]),
            "count": len(self.differences),
            "unknown": self.unknown,
        }


def live_drift(target: Target) -> LiveDrift:
    """Compare. Changes nothing. What a deployment that runs meanwhile changes is not called drift.

    Raises what connecting raises, MysqlNotFoundError, MigrationsFolderError, GitError.
    """
    begun = _deployments(target)
    if unfinished(target, Journal(target.storage)):
        return LiveDrift(0, 0, unknown="a deployment is under way, or waits for a decision")
    if target.source is None:
        found = _compared(target)
    else:
        # What was deployed last is what is applied; the folder here may be of any age, or not there.
        mirror, source = mirror_of(target, target.source), target.source
        tip = mirror.fetch(source.branch)
        released = [one.commit for one in recorded(target) if one.outcome == "released"]
        commit = released[-1] if released else tip
        exported = export_migrations(
            mirror, source, commit, target.state / "commits" / f"drift-{uuid4().hex[:8]}"
        )
        try:
            found = _compared(replace(target, migrations=exported.migrations))
        finally:
            exported.remove()
    if _deployments(target) != begun:
        return replace(found, differences=(), unknown="a deployment began meanwhile")
    return found


def _deployments(target: Target) -> int:
    return len([entry for entry in Journal(target.storage).all() if entry.target == target.name])


def _compared(target: Target) -> LiveDrift:
    status = migration_status(target)
    applied = len(status.applied_names)
    if not status.database_exists or status.foreign_tables:
        return LiveDrift(0, applied, unknown="the database has no migration history")
    with connect(target.endpoint) as connection:
        live = read_schema(connection, target.database)
        names = int(value(connection, "SELECT @@lower_case_table_names"))
        refused = [finding.what for finding in status.refused_findings]
        if refused:
            return LiveDrift(len(live.tables), applied, refused)
        expected, finding = replay_applied(target, applied_files(status), connection)
    if expected is None:
        why = finding.what if finding else "the applied migrations do not replay"
        return LiveDrift(len(live.tables), applied, unknown=why)
    found = compare(expected, live, lower_case_table_names=names)
    return LiveDrift(len(live.tables), applied, [str(one) for one in found])
