"""A private server that holds a database as it was at a moment of the past.

A full backup is opened, and the binary logs since are replayed on it: those of the incremental
backups, and from where they end those that the server still has.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any
from uuid import uuid4

from resources import progress
from resources.backup.incremental.chain import chain_of
from resources.backup.manifest import Manifest
from resources.backup.moment.base import EarlierMomentError, possible_bases
from resources.backup.moment.logs import Logs
from resources.backup.moment.losses import Losses, cascades_unlogged, losses_of
from resources.backup.moment.moment import END, Moment
from resources.backup.moment.plan import Plan
from resources.backup.moment.planner import make_plan
from resources.backup.moment.replay import replay, variables
from resources.backup.open import open_manifest
from resources.backup.proof import start_for_proof
from resources.backup.remote.fetch import sound_backup
from resources.backup.remote.listing import locate
from resources.backup.work_folder import work_folder
from resources.mysql.get import get_mysql
from resources.mysql.server import PrivateServer
from resources.mysql.server_variables import SCRATCH
from resources.target import Target

_LOGS = "logs"


@dataclass
class Opened:
    server: PrivateServer
    plan: Plan


@dataclass
class Preview:
    plan: Plan
    lost: Losses

    def as_dict(self) -> dict[str, Any]:
        return self.plan.as_dict() | {"lost": self.lost.as_dict()}

    def narrowed(self, tables: Collection[str], into: str) -> Preview:
        """Of a restore of these tables only, or into a database of its own, which loses nothing."""
        if into:
            return replace(self, lost=Losses(0, "", ""))
        if not tables:
            return self
        rows = {table: counts for table, counts in self.lost.rows.items() if table in tables}
        changed = {table: parent for table, parent in self.lost.cascades.items() if table in tables}
        return replace(self, lost=replace(self.lost, rows=rows, cascades=changed))


def open_at(target: Target, backup_id: str, moment: Moment, folder: Path) -> PrivateServer:
    """As `opened_at`, for who does not ask how it was reached."""
    return opened_at(target, backup_id, moment, folder).server


def opened_at(
    target: Target,
    backup_id: str,
    moment: Moment,
    folder: Path,
    judge: Callable[[Manifest], None] | None = None,
) -> Opened:
    """A running private server in `folder` that holds the database as it was at the moment.

    `backup_id`: a full backup or an increment of it; empty: the newest proven full backup from
    before the moment. The target's server is asked only where the moment is not in what is stored.
    `judge` is given the full backup, as it is opened, and raises where it may not be used.
    The caller discards the server. Raises NoSuchBackupError, BackupCorruptError, ChainBrokenError,
    MomentError, RestoreFailedError, DiskFullError, EnvironmentCheckError.
    """
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    plan = plan_at(target, backup_id, moment, folder / _LOGS)
    with progress.step(f"verify backup {plan.base.id}"):
        base = sound_backup(target, plan.base.id, to_open=True)
    if judge:
        try:
            judge(base)
        except BaseException:
            shutil.rmtree(folder, ignore_errors=True)  # binary logs are in it, and no server yet
            raise
    needed = variables(plan, folder) if plan.replayed.transactions else {}
    with progress.step(f"open backup {base.id}"):
        server = open_manifest(target, base, folder, needed)
    try:
        if needed:
            if base.engine != "clone":
                _restart(server, needed)  # it was filled with its accounts in force
            replay(server, plan)
            _restart(server, _as_before(needed))
        for note in plan.notes:
            progress.say(note)
        file, position = plan.reached
        progress.say(f"reached {file}:{position}, GTIDs {plan.gtids or '-'}")
    except BaseException:
        server.kill()
        raise
    shutil.rmtree(folder / _LOGS, ignore_errors=True)
    return Opened(server, plan)


def _restart(server: PrivateServer, changed: Mapping[str, str | None]) -> None:
    server.stop()
    for name, text in changed.items():
        if text is None:
            server.variables.pop(name, None)
        else:
            server.variables[name] = text
    start_for_proof(server)


def _as_before(needed: Mapping[str, str]) -> dict[str, str | None]:
    return {name: SCRATCH.get(name) for name in needed}


def plan_at(target: Target, backup_id: str, moment: Moment, folder: Path, *, whole: bool = False) -> Plan:
    """What opening would replay; the binary logs that it takes are brought into `folder`.

    `whole`: also everything up to the server's end. Raises as `opened_at`.
    """
    if backup_id:
        named = base = locate(target, backup_id)
        if named.type == "incremental":
            base = chain_of(target.storage, backup_id, partial(locate, target)).full
        return _plan(target, base, named, moment, folder, whole)
    bases = possible_bases(target, moment)
    for base in bases:
        try:
            return _plan(target, base, base, moment, folder, whole)
        except EarlierMomentError:
            if base is bases[-1]:
                raise
    raise AssertionError("there is always a last one")


def base_at(target: Target, moment: Moment) -> Manifest:
    """The full backup that `plan_at` begins from where none is named. Raises as `opened_at`."""
    bases = possible_bases(target, moment)
    if len(bases) == 1:
        return bases[0]  # without reading any log
    folder = work_folder(target, f"base-{uuid4().hex[:12]}")
    try:
        return plan_at(target, "", moment, folder / _LOGS).base
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _plan(target: Target, base: Manifest, named: Manifest, moment: Moment, folder: Path, whole: bool) -> Plan:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700, parents=True)
    plan = make_plan(target, base, named, moment, Logs(target, base, folder), whole=whole)
    if plan.replayed.account_statements:
        plan.notes.append(
            f"{plan.replayed.account_statements} statements about accounts (CREATE USER, GRANT …)"
            " are not replayed: accounts belong to the server"
        )
    if cascades_unlogged(plan):
        plan.notes.append(
            f"MySQL {base.server_version} does not log rows that foreign keys change by themselves: replaying"
            " changes them again in the same way, but the counts here leave them out"
        )
    return plan


def preview_at(target: Target, backup_id: str, moment: Moment | None) -> Preview:
    """What a restore would replay, and what the database would lose. Changes nothing, opens nothing."""
    folder = work_folder(target, f"preview-{uuid4().hex[:12]}")
    try:
        plan = plan_at(target, backup_id, moment or END, folder / _LOGS, whole=True)
        return Preview(plan, losses_of(plan, get_mysql(target.tools, target.mysqld)))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
