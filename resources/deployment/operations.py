"""Changes to a target or its backups outside a release, each under the deployment lock."""

from __future__ import annotations

from typing import Any

from resources.app.back import go_back
from resources.backup.incremental.make import make_incremental_backup
from resources.backup.manifest import Manifest
from resources.backup.retention import prune
from resources.backup.verify import newest_backup, verify_backup
from resources.deployment import offsite
from resources.deployment.deployment import Deployment
from resources.deployment.notice import send_notice, telling_of_failure
from resources.errors import NothingToRollBackError, UsageError
from resources.journal import DeploymentRecord
from resources.prisma.reset import reset_database
from resources.prisma.resolve import mark_applied, mark_rolled_back
from resources.prisma.status import migration_status
from resources.rollback.kept import Kept, drop_kept
from resources.rollback.restore import restore_backup
from resources.rollback.rollback import roll_back
from resources.rollback.wish import Wish
from resources.validation.baseline import find_baseline, record_baseline


def back_up_incrementally(deployment: Deployment) -> Manifest:
    """What changed since the newest backup, in the bucket too where there is one.

    Raises what `make_incremental_backup` raises, and RemoteStorageError.
    """
    made = deployment.run("incremental backup", lambda: make_incremental_backup(deployment.target))
    deployment.result = made
    deployment.run("upload", lambda: offsite.after_increment(deployment))
    return made


def restore(deployment: Deployment, backup_id: str, wish: Wish) -> dict[str, Any]:
    """Put a backup back, or the state at a moment after it. Raises what `restore_backup` raises;
    result as a JSON-ready dict.
    """
    target = deployment.target
    replaces_all = not wish.tables and not wish.into

    def work() -> dict[str, Any]:
        restored = restore_backup(target, backup_id, wish)
        if replaces_all:
            for entry in deployment.journal.unfinished(target.name):  # what they owed is replaced
                deployment.journal.record(entry.id, "restored", backup_id=restored.backup_id)
        return restored.as_dict()

    deployment.result = telling_of_failure(
        deployment,
        f"restore of {backup_id or 'the newest backup'}",
        lambda: deployment.run("restore", work, leave_killed=replaces_all),
    )
    return deployment.result


def application_back(deployment: Deployment, release: str) -> dict[str, Any]:
    """Switch the application to a kept release ("": that before the current one). The database stays.

    Raises what `go_back` raises.
    """
    deployment.result = deployment.run("application back", lambda: go_back(deployment.target, release))
    return deployment.result


def finish_restores(deployment: Deployment, kept: list[Kept]) -> list[str]:
    """Drop what earlier restores keep, as it was shown to a person; the databases' names."""
    deployment.result = deployment.run("restore finish", lambda: drop_kept(deployment.target, kept))
    return deployment.result


def rollback(
    deployment: Deployment, deployment_id: str | None, accept_loss: bool, accept_failed_proof: bool = False
) -> dict[str, Any]:
    """Undo a deployment; without an id, the newest one that changed something and is not undone."""
    target, journal = deployment.target, deployment.journal

    def work() -> dict[str, Any]:
        entry = journal.get(deployment_id) if deployment_id else newest_changed(deployment)
        result = roll_back(
            target,
            journal,
            entry.id,
            reason="asked by a person",
            accept_loss=accept_loss,
            accept_failed_proof=accept_failed_proof,
        )
        if result.outcome == "failed":
            raise NothingToRollBackError(
                f"deployment {entry.id} changed nothing", where=target.name, hint="dbsync status"
            )
        return result.as_dict()

    deployment.result = telling_of_failure(
        deployment,
        f"rollback of {deployment_id or 'the newest deployment'}",
        lambda: deployment.run("rollback", work, leave_killed=True),
    )
    undone = deployment.result["deployment"]
    send_notice(deployment, "rolled_back", "asked by a person", about=undone, facts={"deployment": undone})
    return deployment.result


def prove(deployment: Deployment, backup_id: str | None) -> dict[str, Any]:
    """Restore a stored backup (None: the newest) into a private server and record how that went.

    Raises BackupCorruptError, BackupFailedError, NoSuchBackupError, DiskFullError,
    EnvironmentCheckError; `deployment.result` names the backup then too. Needs no lock: it
    reads the stored backup alone.
    """
    target = deployment.target

    def work() -> dict[str, Any]:
        chosen = backup_id or newest_backup(target).id
        deployment.result = {"id": chosen}
        manifest = verify_backup(target, chosen)
        return {"id": manifest.id, "proof": manifest.proof.as_dict()}

    deployment.result = deployment.run("prove", work)
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


def baseline(deployment: Deployment, through: str, accept_differences: bool) -> dict[str, Any]:
    """Mark the migrations up to `through` as applied in a database without a history, if it looks so.

    Raises what `find_baseline` and `record_baseline` raise.
    """
    target = deployment.target

    def work() -> dict[str, Any]:
        found = find_baseline(target, migration_status(target), through)
        record_baseline(target, found, deployment.held_lock(), accept_differences=accept_differences)
        return found.as_dict()

    deployment.result = deployment.run("baseline", work)
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


def retention(deployment: Deployment) -> dict[str, Any]:
    """Remove the old backups that the rules let go. Under the lock: no restore reads what is removed."""

    def work() -> dict[str, Any]:
        return prune(deployment.target).as_dict()

    deployment.result = deployment.run("retention", work)
    return deployment.result
