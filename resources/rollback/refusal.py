"""When rolling back is a person's decision: what would be lost, and the commands to type."""

from __future__ import annotations

from resources.backup.manifest import Proof
from resources.errors import RollbackRefusedError
from resources.journal import DeploymentRecord, Journal
from resources.redact import inert
from resources.rollback.touched import UserWrites
from resources.target import Target


def record(journal: Journal, entry: DeploymentRecord, reason: str, why: str) -> None:
    """Note the refusal; `entry` as it was before the attempt, which undid nothing.

    A released deployment stays released: nobody has to decide anything. Raises DiskFullError.
    """
    if _stands_released(entry):
        journal.record(entry.id, "released", rollback_refused=why, rollback_reason=reason)
    else:
        journal.record(entry.id, "rollback_refused", reason=reason, refused=why)


def _stands_released(entry: DeploymentRecord) -> bool:
    """Whether it was released and no rollback since has come to where tables are swapped."""
    phases = [event["phase"] for event in entry.events]
    if "released" not in phases:
        return False
    since = entry.events[len(phases) - phases[::-1].index("released") :]
    return not any(event.get("step") in ("swapping", "swapped") for event in since)


def failed_migration(entry: DeploymentRecord) -> str | None:
    """The migration that was begun and not finished."""
    begun = [str(e["migration"]) for e in entry.events if e["phase"] == "migration_started"]
    done = {str(e["migration"]) for e in entry.events if e["phase"] == "migration_applied"}
    return next((name for name in reversed(begun) if name not in done), None)


def fix_forward(entry: DeploymentRecord) -> str:
    name = failed_migration(entry)
    if name is None:
        return "correct it with a further migration, then: dbsync deploy"
    return f"finish `{inert(name)}` by hand, then: dbsync resolve --applied {inert(name)}"


def would_lose(
    target: Target, entry: DeploymentRecord, writes: UserWrites, aside: str
) -> RollbackRefusedError:
    return RollbackRefusedError(
        "rolling back would lose rows that were written since the backup; nothing was undone",
        where=target.name,
        why=str(writes),
        hint=f"dbsync rollback --deployment {entry.id} --accept-loss   (they are kept in database `{aside}`)"
        f"\n     or: {fix_forward(entry)}",
    )


def cannot_tell(target: Target, entry: DeploymentRecord, why: str, aside: str) -> RollbackRefusedError:
    return RollbackRefusedError(
        "it cannot be told whether users wrote rows since the backup; nothing was undone",
        where=target.name,
        why=why,
        hint=f"dbsync rollback --deployment {entry.id} --accept-loss   (now is kept in database `{aside}`)"
        f"\n     or: {fix_forward(entry)}",
    )


def switched_off(target: Target, entry: DeploymentRecord) -> RollbackRefusedError:
    return RollbackRefusedError(
        "ROLLBACK_ENABLED is false: the deployment failed and was left as it is",
        where=target.name,
        why="DATA STATE: what the migrations did so far is in the database; users' rows are all there",
        hint=f"ROLLBACK_ENABLED=true dbsync rollback --deployment {entry.id}\n     or: {fix_forward(entry)}",
    )


def unproven(target: Target, entry: DeploymentRecord, proof: Proof, older: str) -> RollbackRefusedError:
    return RollbackRefusedError(
        "the backup that the rollback would use is not proven to restore; nothing was undone",
        where=target.name,
        why=f"{entry.facts.get('backup_id')}: {proof.result}",
        hint=f"prove it again: dbsync backups verify {entry.facts.get('backup_id')}\n"
        f"     or: dbsync rollback --deployment {entry.id} --accept-failed-proof\n"
        f"     or: {older}",
    )


def newer_first(target: Target, entry: DeploymentRecord, newer: DeploymentRecord) -> RollbackRefusedError:
    return RollbackRefusedError(
        f"deployment {newer.id} changed the database after this one; nothing was undone",
        where=target.name,
        why=f"undoing {entry.id} would undo both",
        hint=f"dbsync rollback --deployment {newer.id}   first",
    )
