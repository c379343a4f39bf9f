"""`dbsync restore ID`: a backup's database back into its target, what was there kept aside."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import pymysql

from resources import progress
from resources.backup.age_keys import require_key
from resources.backup.manifest import Manifest
from resources.backup.moment.base import possible_bases
from resources.backup.moment.moment import END, Moment
from resources.backup.open import open_manifest
from resources.backup.point_in_time import opened_at
from resources.backup.remote.fetch import fetch_backup
from resources.backup.remote.listing import locate
from resources.backup.stored_files import verify_files
from resources.backup.usable import require_usable
from resources.backup.work_folder import work_folder
from resources.errors import (
    ConnectError,
    DbsyncError,
    RestoreFailedError,
    TargetMismatchError,
)
from resources.journal import Journal
from resources.mysql.connection import connect, value
from resources.mysql.digest import TableDigest
from resources.mysql.schema import table_names
from resources.mysql.server import PrivateServer
from resources.rollback.put_back import (
    PutBackResult,
    different_tables,
    put_back,
    read_old_state,
    written_since,
)
from resources.rollback.side import SideNames, drop_database, is_of_restore, leftovers, read_plan
from resources.rollback.spelling import as_spelled
from resources.rollback.state import UNREACHABLE
from resources.rollback.stripped import mend
from resources.target import Target

RESTORES = "restores"
"""The journal of restores, beside that of deployments."""


@dataclass(frozen=True)
class RestoreResult:
    backup_id: str
    database: str
    tables: tuple[str, ...]
    rows: int
    aside: str
    """The database that keeps what was replaced."""
    carrier: str
    seconds: float
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return {
            "backup_id": self.backup_id,
            "database": self.database,
            "tables": list(self.tables),
            "rows": self.rows,
            "replaced_state": self.aside,
            "drop_it_with": f"DROP DATABASE `{self.aside}`",
            "carrier": self.carrier,
            "seconds": round(self.seconds, 3),
            "notes": list(self.notes),
        }


def restore_backup(
    target: Target,
    backup_id: str,
    *,
    confirm_target: str | None = None,
    accept_failed_proof: bool = False,
    moment: Moment | None = None,
) -> RestoreResult:
    """Put every table and object of the backup into the target; digests compared before and after.

    Tables that the backup does not have leave the database too; all that was there is in the
    database that the result names. Raises, with nothing touched: NoSuchBackupError,
    BackupCorruptError, BackupKeyError, RemoteStorageError, UnprovenBackupError where its newest
    proof failed (unless `accept_failed_proof`), TargetMismatchError (unless `confirm_target` is the
    target's name), DiskFullError. Raises RestoreFailedError where it stopped later, saying what is
    where. `moment`: the state at a moment after the backup, whose id may then be empty (see
    `opened_at`).
    """
    begun = time.monotonic()
    if not backup_id and moment is not None:
        backup_id = possible_bases(target, moment)[0].id
    manifest = locate(target, backup_id)
    _require_target(target, manifest, confirm_target)
    require_usable(target.storage, manifest, accept_failed_proof=accept_failed_proof)
    named, target = target.name, as_spelled(target)
    fetch_backup(target, backup_id, to_open=True)
    with progress.step(f"verify backup {backup_id}"):
        manifest = verify_files(target.storage, backup_id)
    require_key(manifest, target.age_identity)
    _clear_leftovers(target)
    names = SideNames.of(target.database, f"r{uuid4().hex[:8]}")
    journal = Journal(target.storage, RESTORES)
    entry = journal.begin(named, backup_id=backup_id, side=names.side, aside=names.aside)
    folder = work_folder(target, f"restore-{backup_id}-{time.time_ns()}")
    try:
        with progress.step(f"open backup {backup_id}"):
            source, base, notes = _open(target, manifest, moment, folder)
    except BaseException as error:
        journal.record(entry, "failed", error=str(error), note="nothing was changed")
        raise
    try:
        proven = (manifest.tables or None) if base is manifest else None
        result = _put_back(target, base, proven, source, names, journal, entry)
    except (DbsyncError, pymysql.err.MySQLError, OSError) as error:
        journal.record(entry, "restore_incomplete", error=str(error))
        raise _incomplete(target, backup_id, names, error) from error
    finally:
        source.discard()
    journal.record(entry, "restored")
    return RestoreResult(
        backup_id,
        target.database,
        result.tables,
        sum(digest.rows for digest in result.digests.values()),
        names.aside,
        result.carrier,
        time.monotonic() - begun,
        (*notes, *result.notes),
    )


def _open(
    target: Target, manifest: Manifest, moment: Moment | None, folder: Path
) -> tuple[PrivateServer, Manifest, list[str]]:
    """(the private server, the full backup that it was made from, what is to be said of it)."""
    if moment is None and manifest.type == "full":
        return open_manifest(target, manifest, folder), manifest, []
    opened = opened_at(target, manifest.id, moment or END, folder)
    plan = opened.plan
    file, position = plan.reached
    return opened.server, plan.base, [f"as of {plan.moment}: {file}:{position}", *plan.notes]


def _put_back(
    target: Target,
    manifest: Manifest,
    proven: Mapping[str, TableDigest] | None,
    source: PrivateServer,
    names: SideNames,
    journal: Journal,
    entry: str,
) -> PutBackResult:
    old = read_old_state(source, manifest.database, from_dump=manifest.engine != "clone")
    with connect(target.endpoint) as connection:
        present = table_names(connection, target.database)
    result = put_back(
        target,
        source,
        old,
        sorted({*present, *old.tables}),
        names=names,
        proven=proven,
        record=lambda step, **facts: journal.record(entry, "restoring", step=step, **facts),
    )
    with connect(target.endpoint) as connection:
        different = different_tables(connection, target.database, old)
    if different:
        raise RestoreFailedError(
            "the database does not have the schema that the backup has",
            where=", ".join(f"`{name}`" for name in different),
            why="somebody changes it while it is restored, or the restore went wrong",
        )
    return replace(result, notes=(*result.notes, *written_since(target, result.digests)))


def _require_target(target: Target, manifest: Manifest, confirm_target: str | None) -> None:
    if confirm_target is not None and confirm_target != target.name:
        raise TargetMismatchError(
            f"--confirm-target is {confirm_target!r}, and the target is {target.name!r}",
            where=target.name,
            hint=f"dbsync restore {manifest.id} --confirm-target {target.name}",
        )
    with connect(target.endpoint) as connection:
        uuid = str(value(connection, "SELECT @@server_uuid"))
    others = []
    if manifest.database not in (target.database, as_spelled(target).database):
        others.append(f"it is of database `{manifest.database}`, not `{target.database}`")
    if manifest.server_uuid != uuid:
        others.append(f"it is of server {manifest.server_uuid}, not {uuid}")
    if others and confirm_target is None:
        raise TargetMismatchError(
            f"backup {manifest.id} was not made of this target; nothing was changed",
            where=target.name,
            why="; ".join(others),
            hint=f"if that is meant: dbsync restore {manifest.id} --confirm-target {target.name}",
        )


def _clear_leftovers(target: Target) -> None:
    """What a killed restore left: its half-filled side database goes, what it put aside stays."""
    with connect(target.endpoint) as connection:
        for name in leftovers(connection, target.database):
            is_side = is_of_restore(name, target.database, "side")
            is_aside = is_of_restore(name, target.database, "aside")
            if is_side:
                mend(connection, target.database, SideNames(name, ""))
            if is_side or (
                is_aside and read_plan(connection, name) is None and not table_names(connection, name)
            ):
                drop_database(connection, name)
            elif is_aside:
                progress.say(f"an earlier restore keeps what it replaced in database `{name}`")


def _incomplete(target: Target, backup_id: str, names: SideNames, error: BaseException) -> RestoreFailedError:
    what, why = str(error.args[-1] if error.args else error), ""
    if isinstance(error, DbsyncError):
        what, why = error.what, f"\n         {error.why}" if error.why else ""
    try:
        with connect(target.endpoint, read_timeout=30.0) as connection:
            swapped = read_plan(connection, names.aside) is not None
        state = (
            f"the backup's tables are in place; the state before is complete in database `{names.aside}`"
            if swapped
            else "the database is as it was before the restore"
        )
    except (pymysql.err.MySQLError, ConnectError, OSError):
        state = UNREACHABLE
    return RestoreFailedError(
        f"the restore did not complete: {what}",
        where=target.name,
        why=f"DATA STATE: {state}{why}",
        hint=f"dbsync restore {backup_id}   (begins anew)",
    )
