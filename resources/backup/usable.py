"""Whether a stored backup may be used: not where its newest proof failed, unless a person says so."""

from __future__ import annotations

from resources import progress
from resources.backup.manifest import Manifest
from resources.backup.remote.listing import older_good_anywhere
from resources.backup.standing import standing
from resources.errors import UnprovenBackupError
from resources.target import Target

ACCEPT = "--accept-failed-proof"


def say_standing(manifest: Manifest) -> None:
    """Says of one that is only looked into what its newest proof found, unless that was good."""
    found = standing(manifest)
    if found.failed:
        progress.say(f"backup {manifest.id} failed its newest proof: {found.proof.result}")
    elif not found.proven:
        progress.say(f"backup {manifest.id} was never proven to restore")


def require_usable(target: Target, manifest: Manifest, *, accept_failed_proof: bool) -> None:
    """For what a person asked for by name. Raises UnprovenBackupError naming an older good backup."""
    found = standing(manifest)
    if found.proven:
        return
    if not found.failed:
        progress.say(f"backup {manifest.id} was never proven to restore; it is compared as it is restored")
        return
    if accept_failed_proof:
        progress.say(f"backup {manifest.id} failed its newest proof and is used all the same")
        return
    raise UnprovenBackupError(
        f"backup {manifest.id} failed its newest proof; nothing was changed",
        where=str(manifest.file_path),
        why=f"{found.proof.at}: {found.proof.result}",
        hint=f"{older_good_anywhere(target, manifest.id)}\n"
        f"     or: prove it again: dbsync backups verify {manifest.id}\n"
        f"     or: the same command with {ACCEPT}",
    )
