"""The private server that a restore takes its tables from: a backup, or a moment after it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from resources.backup.manifest import Manifest
from resources.backup.moment.moment import END, Moment
from resources.backup.open import open_manifest
from resources.backup.point_in_time import opened_at
from resources.mysql.connection import connect
from resources.mysql.digest import TableDigest
from resources.mysql.server import PrivateServer
from resources.rollback.copy_rows_by_events import SOURCE_VARIABLES
from resources.rollback.restore_losses import Since
from resources.rollback.server_files import UnreachableError, server_files
from resources.target import Target

UNCHANGING = {"innodb_force_recovery": "2"}
"""A private server that only gives: no purge, and nobody can write. With purge the first export waits
until 0.9 s after the start, and each further one 0.25 s. For rows `prepare_source` restarts it."""


@dataclass(frozen=True)
class Origin:
    server: PrivateServer
    """The caller discards it."""
    base: Manifest
    """The full backup that it was made from."""
    proven: Mapping[str, TableDigest] | None
    """The tables' digests as they were proven, where they still are those."""
    since: Since
    """From where on the server's binary log is no part of it."""
    notes: tuple[str, ...] = ()


def is_backup_itself(manifest: Manifest, moment: Moment | None) -> bool:
    """Whether nothing is to be replayed."""
    return moment is None and manifest.type == "full"


def open_origin(
    target: Target,
    manifest: Manifest,
    moment: Moment | None,
    folder: Path,
    judge: Callable[[Manifest], None],
) -> Origin:
    """`judge`: as of `opened_at`. Raises what `open_manifest` and `opened_at` raise."""
    if is_backup_itself(manifest, moment):
        more: Mapping[str, str] = {}  # a dump is loaded without a binary log; a restart gives it that later
        if manifest.engine == "clone":
            more = UNCHANGING if _may_go_by_files(target) else SOURCE_VARIABLES
        server = open_manifest(target, manifest, folder, more)
        return Origin(server, manifest, manifest.tables or None, Since.of(manifest))
    opened = opened_at(target, manifest.id, moment or END, folder, judge)
    plan = opened.plan
    file, position = plan.reached
    return Origin(
        opened.server,
        plan.base,
        None,
        Since.of(plan.base, file, position, plan.replayed.last),
        (f"as of {plan.moment}: {file}:{position}", *plan.notes),
    )


def _may_go_by_files(target: Target) -> bool:
    if target.restore_way != "auto":
        return False
    with connect(target.endpoint) as connection:
        try:
            server_files(connection)
        except UnreachableError:
            return False
    return True
