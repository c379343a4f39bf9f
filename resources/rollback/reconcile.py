"""At every start: what killed runs left behind is finished, rolled back, or named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pymysql

from resources import progress
from resources.app.releases import Releases
from resources.backup.work_folder import servers_folder
from resources.errors import ConnectError, LockBusyError, RollbackFailedError, RollbackRefusedError
from resources.journal import WAITING_PHASES, DeploymentRecord, Journal
from resources.mysql.connection import connect, execute, quoted, rows
from resources.mysql.leftovers import stop_leftovers
from resources.mysql.schema import table_names
from resources.rollback.objects import read_objects
from resources.rollback.restore_journal import RESTORES
from resources.rollback.rollback import RollbackResult, roll_back
from resources.rollback.side import database_charset, read_plan
from resources.target import Target


@dataclass(frozen=True)
class Reconciled:
    """One deployment (or restore) of a dead process, and what became of it."""

    deployment: str
    phase: str
    """In which it had stopped."""
    outcome: str
    """failed, rolled_back, released, rollback_refused, abandoned."""
    text: str

    def __str__(self) -> str:
        return self.text

    def as_dict(self) -> dict[str, str]:
        return {
            "deployment": self.deployment,
            "phase": self.phase,
            "outcome": self.outcome,
            "text": self.text,
        }


def unfinished(target: Target, journal: Journal) -> list[DeploymentRecord]:
    """Deployments and restores of this target that owe something, oldest first."""
    return [*journal.unfinished(target.name), *Journal(target.storage, RESTORES).unfinished(target.name)]


def reconcile(target: Target, journal: Journal, *, leave_killed: bool = False) -> Iterator[Reconciled]:
    """Put right what dead processes left unfinished on this target; the caller holds its lock.

    Each item deserves one notice: it will not come again. What a person must decide is
    said again, not decided. leave_killed: nothing is rolled back, because the caller is
    about to do that itself, or to replace the database. Raises LockBusyError where such a
    process still runs (it lost the lock; two must not work at once), RollbackFailedError
    where a rollback did not succeed: nothing else may be done to the database then.
    """
    stop_leftovers(servers_folder(target))
    for entry in journal.unfinished(target.name):
        if entry.phase in WAITING_PHASES:
            _remind(journal, entry)
        elif _is_under_way(target, entry):
            raise _busy(target, entry)
        elif leave_killed and entry.reached("applying") and entry.phase != "healthy":
            progress.say(
                f"deployment {entry.id} was stopped while `{entry.phase}`; this command decides on it"
            )
        else:
            yield _settle(target, journal, entry)
    restores = Journal(target.storage, RESTORES)
    for entry in restores.unfinished(target.name):
        if not _is_under_way(target, entry):
            yield _settle_restore(target, restores, entry)


def _busy(target: Target, entry: DeploymentRecord) -> LockBusyError:
    last = entry.events[-1]
    return LockBusyError(
        f"deployment {entry.id} is still under way: {entry.phase}",
        where=target.name,
        why=f"process {last.get('pid')} on {last.get('host')}, last heard of at {last.get('at')}",
        hint="wait until it has ended; if it hangs, end that process and type this again",
    )


def _is_under_way(target: Target, entry: DeploymentRecord) -> bool:
    """On another machine the process cannot be looked at; its sessions on the server can.

    The caller holds the deployment lock, which such a process would need to go on.
    """
    if entry.phase == "rollback_incomplete":
        return False  # given up by its process, which may still be alive for something else
    if entry.is_local:
        return entry.owner_is_alive
    threads = {int(thread) for thread in entry.facts.get("threads", ())}
    with connect(target.endpoint) as connection:
        present = {int(one) for (one,) in rows(connection, "SELECT id FROM information_schema.processlist")}
    return bool(threads & present)


def _settle(target: Target, journal: Journal, entry: DeploymentRecord) -> Reconciled:
    name = f"deployment {entry.id}, which was killed while `{entry.phase}`"
    if not entry.reached("applying"):
        drop_created_database(target, entry)
    if not entry.reached("applying") and not entry.app_to_put_back:
        journal.record(entry.id, "failed", reason="the process was killed", note="nothing was changed")
        return Reconciled(entry.id, entry.phase, "failed", f"{name}: nothing was changed")
    if entry.phase == "healthy":
        # Every gate had passed; only the record was not written yet.
        release = entry.facts.get("app_release")
        if target.app and release and Releases(target.app).is_whole(str(release)):
            Releases(target.app).set_released(str(release))
        journal.record(entry.id, "released", note="finished by the reconciler; no release record")
        return Reconciled(entry.id, entry.phase, "released", f"{name}: had passed every gate and is released")
    try:
        result = roll_back(
            target, journal, entry.id, reason=f"the process was killed while {entry.phase}", accept_loss=False
        )
    except RollbackRefusedError as error:
        text = f"{name}: {error.what}: {error.why}; next: {error.hint}"
        return Reconciled(entry.id, entry.phase, "rollback_refused", text)
    except RollbackFailedError as error:
        error.what = f"{name}: {error.what}"
        raise
    if result.outcome == "failed":
        app = _app_text(result)
        changed = f"the database was not changed{app}" if app else "nothing was changed"
        return Reconciled(entry.id, entry.phase, "failed", f"{name}: {changed}")
    tables = ", ".join(f"`{table}`" for table in result.tables) or "no table"
    text = f"{name}: rolled back ({tables} put back){_app_text(result)}"
    return Reconciled(entry.id, entry.phase, "rolled_back", text)


def _app_text(result: RollbackResult) -> str:
    if result.application is None:
        return ""
    return f"; the application runs {result.application.get('release') or 'no release'} as before"


def _remind(journal: Journal, entry: DeploymentRecord) -> None:
    later = [one for one in journal.all() if one.target == entry.target and one.id > entry.id]
    if any(one.phase == "released" for one in later):
        journal.record(entry.id, "abandoned", note="a later release stands on it")
        return
    progress.say(
        f"deployment {entry.id} failed and waits for a decision: dbsync rollback --deployment {entry.id}"
    )


def drop_created_database(target: Target, entry: DeploymentRecord) -> None:
    """The database that the killed deployment had created, if it is still empty."""
    if not entry.facts.get("database_created"):
        return
    with connect(target.endpoint) as connection:
        if database_charset(connection, target.database) is None:
            return
        if table_names(connection, target.database) or read_objects(connection, target.database).all():
            return
        execute(connection, f"DROP DATABASE {quoted(target.database)}")


def _settle_restore(target: Target, restores: Journal, entry: DeploymentRecord) -> Reconciled:
    aside = str(entry.facts.get("aside", ""))
    name = f"the restore of backup {entry.facts.get('backup_id')}, which did not complete"
    try:
        with connect(target.endpoint) as connection:
            swapped = aside and read_plan(connection, aside) is not None
    except (ConnectError, pymysql.err.MySQLError) as error:
        raise RollbackFailedError(f"{name}, cannot be judged", where=target.name, why=str(error)) from error
    again = entry.facts.get("command") or f"dbsync restore {entry.facts.get('backup_id')}"
    text = (
        f"{name}: its tables are in place, the state before is complete in database `{aside}`; next: {again}"
        if swapped
        else f"{name}: the database is as it was before"
    )
    restores.record(entry.id, "abandoned", note=text, swapped=bool(swapped))
    return Reconciled(entry.id, entry.phase, "abandoned", text)
