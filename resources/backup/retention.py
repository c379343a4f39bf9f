"""Old backups are removed, by the rules of `retention_plan.py`; never the last good ones."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from resources import progress
from resources.backup.catalog import is_remote, looks_whole, read_catalog
from resources.backup.manifest import Manifest
from resources.backup.owed import owed_backups
from resources.backup.remote.listing import read_remote_catalog
from resources.backup.remove import remove_backups
from resources.backup.retention_plan import Plan, Stored, plan_retention
from resources.backup.standing import standing
from resources.backup.storage import abandoned, remove_partials
from resources.backup.stored_files import verify_files
from resources.errors import BackupCorruptError, DbsyncError, NoSuchBackupError
from resources.mysql.connection import connect, value
from resources.target import Target


@dataclass(frozen=True)
class Pruned:
    """What retention did, or in a dry run would do."""

    plan: Plan
    removed: tuple[str, ...]
    """Backups, in the order of their removal."""
    cleaned: tuple[str, ...]
    """What killed processes had left."""
    at: datetime
    dry_run: bool = False

    def as_dict(self) -> dict[str, Any]:
        return {
            "dry_run": self.dry_run,
            "refusal": self.plan.refusal,
            "removed": list(self.removed),
            "cleaned": list(self.cleaned),
            "backups": [
                {"id": one.id, "age_seconds": self.age(one.made), "kept": one.kept, "why": one.why}
                for one in self.plan.verdicts
            ],
        }

    def age(self, made: datetime | None) -> float | None:
        """Seconds."""
        return round((self.at - made).total_seconds(), 1) if made else None


def prune(target: Target, *, dry_run: bool = False, now: datetime | None = None) -> Pruned:
    """Remove what the rules let go, orphans, and what killed processes left.

    The caller holds the target's lock, or a restore could be reading what is removed.
    Raises ConnectError: without the server it cannot be told whose backups are meant.
    """
    with connect(target.endpoint) as connection:
        uuid = str(value(connection, "SELECT @@server_uuid"))
    return prune_backups(target, server_uuid=uuid, dry_run=dry_run, now=now)


def prune_after(target: Target, made: Manifest) -> None:
    """Retention after a backup. It has no say in whether that backup is good, so it raises nothing."""
    try:
        prune_backups(target, server_uuid=made.server_uuid, made=made.id)
    except (DbsyncError, OSError) as error:
        progress.say(f"old backups could not be removed: {error}")


def prune_backups(
    target: Target, *, server_uuid: str, made: str = "", dry_run: bool = False, now: datetime | None = None
) -> Pruned:
    """`made`: a backup of this very process, not to be read again. Raises OSError, RemoteStorageError."""
    storage, at = target.storage, now or datetime.now(UTC)
    local, damaged = read_catalog(storage)
    here = {one.id for one in local}
    remote, damaged_there = read_remote_catalog(target)
    manifests = [*local, *(one for one in remote if one.id not in here)]
    # What builds on one that is damaged there must not count as an orphan.
    damaged |= {name: why for name, why in damaged_there.items() if name not in here}
    plan = plan_retention(
        [_stored(one, target, server_uuid) for one in manifests],
        damaged,
        target.keep,
        now=at,
        owed=owed_backups(storage),
    )
    if dry_run:
        left = tuple(one.name for one in abandoned(storage))
        return Pruned(plan, tuple(plan.removed), left, at, dry_run=True)
    cleaned = tuple(remove_partials(storage))
    if plan.removed:
        plan = _unless_corrupt(target, plan, made)
    if plan.refusal:
        progress.say(f"no old backup is removed: {plan.refusal}")
    remove_backups(target, plan.removed)
    return Pruned(plan, tuple(plan.removed), cleaned, at)


def _unless_corrupt(target: Target, plan: Plan, made: str) -> Plan:
    """The plan, or none of it when a backup that must remain is not as it was written.

    The length of its files is not enough to stake the older ones on.
    """
    for backup_id in plan.relied_on:
        if backup_id == made or not (target.storage / backup_id).is_dir():
            continue  # what is in the bucket was verified when it was put there
        try:
            with progress.step(f"read {backup_id}, which is to remain"):
                verify_files(target.storage, backup_id)
        except (BackupCorruptError, NoSuchBackupError) as error:
            return plan.refused(f"{error.what} ({error.why})")
    return plan


def _stored(manifest: Manifest, target: Target, server_uuid: str) -> Stored:
    ours = (manifest.server_uuid, manifest.database) == (server_uuid, target.database)
    return Stored(
        id=manifest.id,
        type=manifest.type,
        parent=manifest.parent,
        made=datetime.fromisoformat(manifest.timestamp),
        proven=standing(manifest).proven,
        whole=not ours or is_remote(manifest) or looks_whole(manifest),
        ours=ours,
    )
