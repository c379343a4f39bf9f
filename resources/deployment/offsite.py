"""When a backup leaves this machine: at once where a backup was asked for, behind a release otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from resources import progress
from resources.backup.make import store_remotely
from resources.backup.owed import owed_backups
from resources.deployment.notice import send_notice
from resources.errors import DbsyncError

if TYPE_CHECKING:
    from resources.deployment.deployment import Deployment


def after_backup(deployment: Deployment) -> None:
    """Bring the backup into the bucket. Raises RemoteStorageError: a backup that was to be there is not.

    Nobody waits for an upload: the lock is free meanwhile. Inside a deployment nothing is done;
    what a rollback needs is on this machine.
    """
    made = deployment.backup
    if made is None or deployment.target.remote is None or deployment.purpose == "deploy":
        return
    made.close()
    deployment.free_lock()
    store_remotely(deployment.target, made.manifest)


def after_increment(deployment: Deployment) -> None:
    """As `after_backup`, of an incremental one; old backups stay. Raises RemoteStorageError."""
    target = deployment.target
    if target.remote is not None:
        from resources.backup.remote.keep import upload_backups

        deployment.free_lock()
        upload_backups(target, owed=owed_backups(target.storage))


def after_deployment(deployment: Deployment) -> None:
    """The upload that a good release put off. Its failure takes nothing back; people are told."""
    made, remote = deployment.backup, deployment.target.remote
    if made is None or remote is None or deployment.purpose != "deploy":
        return
    if deployment.outcome != "released":
        progress.say(
            f"{made.manifest.id} is on this machine only; dbsync backups upload brings it to {remote}"
        )
        return
    try:
        store_remotely(deployment.target, made.manifest)
    except DbsyncError as error:
        progress.say(f"{error.what} ({error.why}); next: {error.hint}")
        send_notice(deployment, error.code, error.what, kind="backup", about=made.manifest.id)
    except KeyboardInterrupt:
        progress.say("the upload was interrupted; the release is complete. dbsync backups upload goes on")
