"""The one rollback: reached from a failed step, from the reconciler and from `dbsync rollback`.

The journal makes it run once. It ends in the state before the deployment, or it
says exactly what the state is and what to type.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from resources import progress
from resources.backup.catalog import load_manifest
from resources.backup.open import open_backup
from resources.backup.work_folder import work_folder
from resources.errors import DbsyncError, NoSuchDatabaseError, RollbackFailedError, RollbackRefusedError
from resources.journal import DeploymentRecord, Journal
from resources.mysql.binlog import Position
from resources.mysql.binlog_text import RowCounts
from resources.mysql.connection import connect, execute, quoted
from resources.mysql.get import get_mysql
from resources.mysql.schema import Schema, read_schema, table_names
from resources.mysql.server import PrivateServer
from resources.rollback.put_back import PutBack, drop_aside, put_back
from resources.rollback.result import RollbackResult
from resources.rollback.sessions import end_sessions
from resources.rollback.touched import Touched, in_words, touched
from resources.target import Target

_PAUSE = 2.0


def roll_back(
    target: Target,
    journal: Journal,
    deployment_id: str,
    *,
    source: PrivateServer | None = None,
    reason: str,
    accept_loss: bool = False,
) -> RollbackResult:
    """Bring `target` back to the state before a deployment. The caller holds the deployment lock.

    `source` is a running private server in that state; without it the deployment's
    backup is opened. Raises RollbackRefusedError (nothing was undone: a person must decide)
    and RollbackFailedError (which says the state of the data).
    """
    entry = journal.get(deployment_id)
    if entry.phase == "rolled_back":
        return RollbackResult(entry.id, "rolled_back", "it was rolled back before")
    if not entry.reached("applying"):
        journal.record(entry.id, "failed", reason=reason)
        return RollbackResult(entry.id, "failed", reason)
    if not target.policy.rollback_enabled and not accept_loss and reason != BY_HAND:
        raise _refuse(target, journal, entry, "ROLLBACK_ENABLED is false", {})
    begun = time.monotonic()
    deadline = begun + target.policy.rollback_timeout
    attempt = 0
    while True:
        attempt += 1
        try:
            result = _attempt(target, journal, entry, source, reason, accept_loss, begun)
            journal.record(entry.id, "rolled_back", reason=reason, rollback=result.as_dict())
            return result
        except RollbackRefusedError:
            raise
        except Exception as error:
            left = target.policy.rollback_max_attempts - attempt
            if left <= 0 or time.monotonic() > deadline:
                raise _incomplete(target, journal, entry, error, attempt) from error
            progress.say(f"rollback attempt {attempt} failed ({error}); {left} left")
            time.sleep(_PAUSE)


BY_HAND = "asked by a person"
WRITTEN = "users wrote to the tables that would be put back"


def _attempt(
    target: Target,
    journal: Journal,
    entry: DeploymentRecord,
    source: PrivateServer | None,
    reason: str,
    accept_loss: bool,
    begun: float,
) -> RollbackResult:
    end_sessions(target, entry.facts["threads"], min(60.0, target.policy.rollback_timeout))
    before = load_manifest(target.storage, str(entry.facts["backup_id"])).schema
    if not entry.reached("swapped"):
        found = _judge(target, entry, before)
        if found.cannot_tell and target.policy.preserve_user_data and not accept_loss:
            raise _refuse(target, journal, entry, found.cannot_tell, {})
        if found.user_rows and target.policy.preserve_user_data and not accept_loss:
            raise _refuse(
                target, journal, entry, "users wrote to the tables that would be put back", found.user_rows
            )
    else:
        # The tables are in place already; what was lost was judged before the swap.
        found = Touched(tables=[str(name) for name in entry.facts.get("touched", [])])
    lost = {name: in_words(count) for name, count in found.user_rows.items()}
    journal.record(entry.id, "rolling_back", reason=reason, touched=found.tables, lost=lost)
    if not found.tables:
        _drop_created_database(target, entry)
        return RollbackResult(entry.id, "rolled_back", reason, seconds=time.monotonic() - begun)
    with _state_before(target, entry, source) as server:
        done = put_back(
            target,
            server,
            found.tables,
            run=entry.id,
            note=lambda step, facts: journal.record(entry.id, step, **facts),
            before_swap=lambda: _look_again(target, journal, entry, before, found, accept_loss),
        )
    keep = bool(lost) or bool(found.cannot_tell)
    if done.aside and not keep:
        drop_aside(target, done.aside)
    _drop_created_database(target, entry)
    return _result(entry, reason, done, lost, keep, begun)


def _judge(target: Target, entry: DeploymentRecord, before: Schema) -> Touched:
    facts = entry.facts
    start = Position(str(facts["binlog_file"] or ""), int(facts["binlog_position"] or 0))
    try:
        with connect(target.endpoint, target.database) as connection:
            now = read_schema(connection, target.database)
    except NoSuchDatabaseError:
        with connect(target.endpoint) as connection:
            execute(connection, f"CREATE DATABASE {quoted(target.database)}")
        now = Schema()
    installation = get_mysql(target.tools, target.mysqld)
    with progress.step("read what was written since the backup"):
        return touched(target, installation, before, now, start, facts["threads"])


def _look_again(
    target: Target,
    journal: Journal,
    entry: DeploymentRecord,
    before: Schema,
    found: Touched,
    accept_loss: bool,
) -> None:
    """With the tables locked: rows that arrived while the old ones were being built aside."""
    if accept_loss or not target.policy.preserve_user_data:
        return
    again = _judge(target, entry, before)
    if again.user_rows:
        raise _refuse(
            target, journal, entry, "users wrote to the tables that would be put back", again.user_rows
        )
    if set(again.tables) - set(found.tables):
        raise DbsyncError("more tables were touched meanwhile; trying again")


@contextmanager
def _state_before(
    target: Target, entry: DeploymentRecord, source: PrivateServer | None
) -> Iterator[PrivateServer]:
    """A running server in the state before the deployment: the given one, or the backup opened."""
    if source is not None and source.is_running:
        yield source
        return
    folder = work_folder(target, f"rollback-{entry.id}-{time.monotonic_ns()}")
    try:
        with progress.step("open the backup"):
            server = open_backup(target, str(entry.facts["backup_id"]), folder)
        try:
            yield server
        finally:
            server.kill()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _drop_created_database(target: Target, entry: DeploymentRecord) -> None:
    """A database that this deployment created goes again, but only empty."""
    if not entry.facts.get("database_created"):
        return
    with connect(target.endpoint) as connection:
        if not table_names(connection, target.database):
            execute(connection, f"DROP DATABASE IF EXISTS {quoted(target.database)}")


def _result(
    entry: DeploymentRecord, reason: str, done: PutBack, lost: Mapping[str, str], keep: bool, begun: float
) -> RollbackResult:
    return RollbackResult(
        deployment=entry.id,
        outcome="rolled_back",
        reason=reason,
        tables=done.tables,
        removed=done.removed,
        rows=done.rows,
        seconds=time.monotonic() - begun,
        lost=lost,
        kept_aside=done.aside if keep else None,
    )


def _refuse(
    target: Target, journal: Journal, entry: DeploymentRecord, why: str, rows: Mapping[str, RowCounts]
) -> RollbackRefusedError:
    named = {name: in_words(count) for name, count in rows.items()}
    counted = "; ".join(f"{name}: {words}" for name, words in named.items())
    journal.record(entry.id, "rollback_refused", why=why, user_rows=named)
    migration: Any = entry.facts.get("migration") or "MIGRATION"
    return RollbackRefusedError(
        "the database was NOT rolled back: a person must decide",
        where=f"{target.name}, deployment {entry.id}, backup {entry.facts.get('backup_id')}",
        why=f"{why}{' (' + counted + ')' if counted else ''}",
        hint=f"dbsync rollback --deployment {entry.id} --accept-loss   (the replaced tables are kept aside)\n"
        f"         or repair it by hand, then: dbsync resolve --applied {migration}",
    )


def _incomplete(
    target: Target, journal: Journal, entry: DeploymentRecord, error: Exception, attempts: int
) -> RollbackFailedError:
    swapped = journal.get(entry.id).reached("swapped")
    state = (
        "the tables of the backup are in place, the replaced ones are kept aside"
        if swapped
        else "the tables are as the failed deployment left them; the originals were not touched"
    )
    journal.record(entry.id, "rollback_incomplete", why=str(error), data_state=state)
    return RollbackFailedError(
        f"the rollback did not complete after {attempts} attempts",
        where=f"{target.name}, deployment {entry.id}, backup {entry.facts.get('backup_id')}",
        why=f"{error}\n  DATA STATE: {state}",
        hint=f"dbsync rollback --deployment {entry.id}   (goes on where it stopped)\n"
        f"         dbsync restore {entry.facts.get('backup_id')}   (puts everything back)",
    )
