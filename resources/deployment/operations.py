"""Changes to a target outside a release, each under the deployment lock."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from resources.deployment.deployment import Deployment
from resources.errors import NothingToRollBackError, UsageError
from resources.journal import DeploymentRecord
from resources.prisma.reset import reset_database
from resources.prisma.resolve import mark_applied, mark_rolled_back
from resources.rollback.kept import Kept, drop_kept
from resources.rollback.restore import restore_backup
from resources.rollback.rollback import roll_back


def restore(
    deployment: Deployment,
    backup_id: str,
    confirm_target: str | None,
    *,
    tables: Sequence[str] = (),
    into: str = "",
    accept_loss: bool = False,
    accept_missing_definers: bool = False,
) -> dict[str, Any]:
    """Put a backup back. Raises what `restore_backup` raises; result as a JSON-ready dict."""
    target = deployment.target
    replaces_all = not tables and not into

    def work() -> dict[str, Any]:
        restored = restore_backup(
            target,
            backup_id,
            tables=tables,
            into=into,
            confirm_target=confirm_target,
            accept_loss=accept_loss,
            accept_missing_definers=accept_missing_definers,
        )
        if replaces_all:
            for entry in deployment.journal.unfinished(target.name):  # what they owed is replaced
                deployment.journal.record(entry.id, "restored", backup_id=backup_id)
        return restored.as_dict()

    deployment.result = deployment.run("restore", work, leave_killed=replaces_all)
    return deployment.result


def finish_restores(deployment: Deployment, kept: list[Kept]) -> list[str]:
    """Drop what earlier restores keep, as it was shown to a person; the databases' names."""
    deployment.result = deployment.run("restore finish", lambda: drop_kept(deployment.target, kept))
    return deployment.result


def rollback(deployment: Deployment, deployment_id: str | None, accept_loss: bool) -> dict[str, Any]:
    """Undo a deployment; without an id, the newest one that changed something and is not undone."""
    target, journal = deployment.target, deployment.journal

    def work() -> dict[str, Any]:
        entry = journal.get(deployment_id) if deployment_id else newest_changed(deployment)
        result = roll_back(target, journal, entry.id, reason="asked by a person", accept_loss=accept_loss)
        if result.outcome == "failed":
            raise NothingToRollBackError(
                f"deployment {entry.id} changed nothing", where=target.name, hint="dbsync status"
            )
        return result.as_dict()

    deployment.result = deployment.run("rollback", work, leave_killed=True)
    return deployment.result


def newest_changed(deployment: Deployment) -> DeploymentRecord:
    """The newest deployment of this target whose migrations are, or may be, in the database."""
    for entry in reversed(deployment.journal.all()):
        if entry.target == deployment.target.name and entry.changed_something:
            return entry
    raise NothingToRollBackError(
        "no deployment of this target changed anything that is not already undone",
        where=deployment.target.name,
        hint="dbsync status",
    )


def resolve(deployment: Deployment, migration: str, resolution: str) -> dict[str, Any]:
    """`resolution` is "applied" or "rolled-back", with Prisma's meaning. Runs no SQL of the migration."""
    actions = {"applied": mark_applied, "rolled-back": mark_rolled_back}
    if resolution not in actions:
        raise UsageError(f"unknown resolution {resolution!r}", hint="dbsync resolve --applied NAME")

    def work() -> dict[str, Any]:
        actions[resolution](deployment.target, migration, deployment.held_lock())
        return {"migration": migration, "marked": resolution}

    deployment.result = deployment.run("resolve", work)
    return deployment.result


def reset(deployment: Deployment, confirm_database: str | None) -> dict[str, Any]:
    """Empty the database and apply every migration. Raises ConfirmationError unless confirmed."""

    def work() -> dict[str, Any]:
        lock = deployment.held_lock()
        done = reset_database(deployment.target, confirm_database, lock).as_dict()
        for entry in deployment.journal.unfinished(deployment.target.name):
            deployment.journal.record(entry.id, "abandoned", note="the database was reset")
        return done

    deployment.result = deployment.run("reset", work, leave_killed=True)
    return deployment.result
