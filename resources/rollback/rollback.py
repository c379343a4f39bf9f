"""The one rollback: reached from a failed step, from the reconciler and from `dbsync rollback`."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pymysql

from resources import progress
from resources.app.back import AppBack
from resources.backup.manifest import Manifest
from resources.errors import (
    ConnectError,
    DbsyncError,
    RollbackFailedError,
    RollbackRefusedError,
    TargetMismatchError,
)
from resources.journal import DeploymentRecord, Journal
from resources.mysql.connection import is_lost
from resources.mysql.server import PrivateServer
from resources.rollback import refusal
from resources.rollback.attempt import Attempt, Undone
from resources.rollback.leftover_sessions import end_leftover_sessions
from resources.rollback.spelling import as_spelled
from resources.rollback.state import data_state
from resources.target import Target

_PAUSE = 2.0
_REACH_SECONDS = 60.0


@dataclass(frozen=True)
class RollbackResult:
    """How it ended: `rolled_back`, or `failed` where nothing had been changed."""

    outcome: str
    deployment: str
    backup_id: str | None = None
    tables: tuple[str, ...] = ()
    """What was put back."""
    carrier: str = ""
    lost: dict[str, object] = field(default_factory=dict)
    """User writes that are no longer in the database, counted per table."""
    aside: str | None = None
    """The database that keeps what was replaced, where users' rows are among it."""
    seconds: float = 0.0
    notes: tuple[str, ...] = ()
    application: dict[str, Any] | None = None
    """The release that runs again, and how it was seen to be well; None where none was switched."""

    def as_dict(self) -> dict[str, Any]:
        return {
            "outcome": self.outcome,
            "deployment": self.deployment,
            "backup_id": self.backup_id,
            "tables": list(self.tables),
            "carrier": self.carrier,
            "lost": self.lost,
            "aside": self.aside,
            "drop_aside": f"DROP DATABASE `{self.aside}`" if self.aside else None,
            "seconds": round(self.seconds, 3),
            "notes": list(self.notes),
            "application": self.application,
        }


def roll_back(
    target: Target,
    journal: Journal,
    deployment_id: str,
    *,
    source: PrivateServer | None = None,
    reason: str,
    accept_loss: bool = False,
    accept_failed_proof: bool = False,
) -> RollbackResult:
    """Bring the database back to its state before the deployment, or say why not. Idempotent.

    `source`: a private server with that state; None opens the deployment's backup.
    Raises RollbackRefusedError with nothing undone where users' rows would be lost (or
    where that cannot be told), where the backup's newest proof failed (unless
    `accept_failed_proof`), where a newer deployment stands on this one, or where
    rollback is switched off; RollbackFailedError saying the state of the data otherwise.
    The application that the deployment switched goes back too, once: see docs/decisions/0015.
    """
    begun = time.monotonic()
    entry = journal.get(deployment_id)
    if entry.target != target.name:
        raise TargetMismatchError(
            f"deployment {entry.id} was of another target", where=target.name, why=entry.target
        )
    app = AppBack(target, journal, entry)
    if entry.phase in ("rolled_back", "failed") or not entry.reached("applying"):
        app.put_back()
        if entry.phase not in ("rolled_back", "failed"):
            journal.record(entry.id, "failed", reason=reason)
        app.judged("as before the deployment")
        return replace(_as_recorded(journal.get(entry.id)), application=app.result)
    newer = _newer(journal, entry)
    if newer is not None:
        raise refusal.newer_first(target, entry, newer)
    if not target.policy.rollback_enabled:
        refusal.record(journal, entry, reason, "ROLLBACK_ENABLED is false")
        raise refusal.switched_off(target, entry)
    if source is None and not accept_failed_proof:
        _require_proven(target, entry)
    decided = app.put_back if app.comes_first else None
    if decided and entry.phase != "released":
        decided()  # what failed serves nobody while it is being decided
    try:
        undone = _with_attempts(
            target, journal, entry, source, reason, accept_loss, accept_failed_proof, begun, decided
        )
    except RollbackRefusedError:
        if entry.phase == "released":
            app.forth()
        raise
    app.put_back()
    app.judged("as before the deployment")
    return RollbackResult(
        undone.outcome,
        entry.id,
        entry.facts.get("backup_id"),
        undone.tables,
        undone.carrier,
        undone.lost,
        undone.aside,
        time.monotonic() - begun,
        undone.notes,
        app.result,
    )


def _require_proven(target: Target, entry: DeploymentRecord) -> None:
    """Nothing is rolled back from a backup that is not known to restore, but by a person's word."""
    from resources.backup.remote.listing import locate

    backup_id = entry.facts.get("backup_id")
    try:
        manifest = locate(target, str(backup_id)) if backup_id else None
    except DbsyncError:
        return  # opening it says more, and what the state of the data is
    if manifest is not None:
        _refuse_unproven(target, entry, manifest)


def _refuse_unproven(target: Target, entry: DeploymentRecord, manifest: Manifest) -> None:
    from resources.backup.remote.listing import older_good_anywhere
    from resources.backup.standing import standing

    found = standing(manifest)
    if not found.proven:
        raise refusal.unproven(target, entry, found.proof, older_good_anywhere(target, manifest.id))


def _with_attempts(
    target: Target,
    journal: Journal,
    entry: DeploymentRecord,
    source: PrivateServer | None,
    reason: str,
    accept_loss: bool,
    accept_failed_proof: bool,
    begun: float,
    decided: Callable[[], None] | None,
) -> Undone:
    """Again only after a lost or refused connection: anything else would fail in the same way."""
    deadline = begun + target.policy.rollback_timeout
    attempts = max(1, target.policy.rollback_max_attempts)
    errors: list[str] = []
    with progress.step("roll back"):
        for number in range(1, attempts + 1):
            found = journal.get(entry.id)
            try:
                _reach(target, deadline)
                spelled = as_spelled(target)
                end_leftover_sessions(spelled, entry)
                with _old_state(target, entry, source, accept_failed_proof) as server:
                    attempt = Attempt(spelled, journal, entry, server, accept_loss, deadline, reason, decided)
                    return attempt.run()
            except RollbackRefusedError as error:
                refusal.record(journal, found, reason, error.why or error.what)
                raise
            except (DbsyncError, pymysql.err.MySQLError, OSError) as error:
                errors.append(_text(error))
                again = isinstance(error, ConnectError) or is_lost(error)
                if not again or number == attempts or time.monotonic() > deadline:
                    raise _incomplete(target, journal, entry, errors, reason) from error
                progress.say(f"rollback attempt {number} of {attempts}: {errors[-1]}; trying again")
                time.sleep(_PAUSE)
    raise AssertionError("unreachable")


def _reach(target: Target, deadline: float) -> None:
    """Wait for a server that is being restarted."""
    from resources.mysql.connection import connect

    until = min(deadline, time.monotonic() + _REACH_SECONDS)
    while True:
        try:
            connect(target.endpoint).close()
            return
        except ConnectError:
            if time.monotonic() > until:
                raise
            time.sleep(0.5)


@contextmanager
def _old_state(
    target: Target, entry: DeploymentRecord, source: PrivateServer | None, accept_failed_proof: bool
) -> Iterator[PrivateServer]:
    """The private server with the old state; the backup is opened where there is none."""
    if source is not None:
        source.start(skip_grants=True)
        yield source
        return
    from resources.backup.open import open_manifest
    from resources.backup.remote.fetch import sound_backup
    from resources.backup.work_folder import work_folder

    backup_id = entry.facts.get("backup_id")
    if not backup_id:
        raise RollbackFailedError(
            "the deployment's journal names no backup", where=entry.id, hint="dbsync backups list"
        )
    folder = work_folder(target, f"rollback-{entry.id}-{time.time_ns()}")
    manifest = sound_backup(target, str(backup_id), to_open=True)
    if not accept_failed_proof:
        _refuse_unproven(target, entry, manifest)  # the copy here may have given way to the bucket's
    server = open_manifest(target, manifest, folder)
    try:
        yield server
    finally:
        server.discard()


def _incomplete(
    target: Target, journal: Journal, entry: DeploymentRecord, errors: list[str], reason: str
) -> RollbackFailedError:
    state = data_state(target, journal.get(entry.id))
    journal.record(entry.id, "rollback_incomplete", reason=reason, errors=errors, data_state=state)
    return RollbackFailedError(
        "the rollback is not complete; the application should stay stopped",
        where=target.name,
        why=f"DATA STATE: {state}\n         " + "\n         ".join(dict.fromkeys(errors)),
        hint=f"dbsync rollback --deployment {entry.id}   (goes on from here)"
        + (f"\n     or: dbsync restore {entry.facts['backup_id']}" if entry.facts.get("backup_id") else ""),
    )


def _newer(journal: Journal, entry: DeploymentRecord) -> DeploymentRecord | None:
    """The newest later deployment of the target that changed something and stands."""
    later = [
        other
        for other in journal.all()
        if other.target == entry.target and other.id > entry.id and other.changed_something
    ]
    return later[-1] if later else None


def _as_recorded(entry: DeploymentRecord) -> RollbackResult:
    return RollbackResult(
        entry.phase,
        entry.id,
        entry.facts.get("backup_id"),
        tuple(entry.facts.get("put_back", ())),
        lost=dict(entry.facts.get("lost", {})),
        aside=entry.facts.get("kept_aside"),
        notes=tuple(entry.facts.get("notes", ())),
    )


def _text(error: BaseException) -> str:
    if isinstance(error, DbsyncError):
        return f"{error.what}{f' ({error.why})' if error.why else ''}"
    return str(error.args[-1] if error.args else error)
