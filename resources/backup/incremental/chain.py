"""The backups that an incremental one stands on: its parent, that one's parent, up to a full one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from resources.backup import archive
from resources.backup.archive import MismatchError
from resources.backup.catalog import is_remote, list_ids, load_manifest, looks_whole
from resources.backup.manifest import FILE_NAME, Manifest
from resources.backup.standing import standing
from resources.backup.stored_files import as_corrupt, verify_files
from resources.errors import BackupCorruptError, ChainBrokenError, NoSuchBackupError
from resources.mysql.gtid_set import GtidSet

Find = Callable[[str], Manifest]
"""The manifest of a backup id; raises NoSuchBackupError."""
FULL = "dbsync backup   (a full one; incremental ones can follow it)"


@dataclass(frozen=True)
class Chain:
    full: Manifest
    increments: tuple[Manifest, ...]
    """Oldest first; empty where the full backup itself is meant."""

    @property
    def last(self) -> Manifest:
        return self.increments[-1] if self.increments else self.full

    @property
    def backups(self) -> tuple[Manifest, ...]:
        return (self.full, *self.increments)


def chain_of(storage: Path, backup_id: str, find: Find | None = None) -> Chain:
    """The chain that ends with this backup; manifests, links and the lengths of all files are compared.

    `find`: where a manifest is looked for, if not in the storage alone; of one in a bucket
    the files are not looked at. Raises NoSuchBackupError for the backup itself, ChainBrokenError
    for an ancestor that is gone or does not fit, BackupCorruptError for one that is damaged.
    """
    find = find or (lambda wanted: load_manifest(storage, wanted))
    found = [find(backup_id)]
    while found[-1].type != "full":
        found.append(_parent(storage, found[-1], find))
    chain = Chain(found[-1], tuple(reversed(found[:-1])))
    for backup in chain.backups:
        _require_whole(storage, backup)
    for parent, child in zip(chain.backups, chain.increments, strict=False):
        _require_link(parent, child)
    return chain


def chain_to_continue(storage: Path, database: str, server_uuid: str, find: Find | None = None) -> Chain:
    """The chain that a new incremental backup of this database continues: that of its newest backup.

    Raises ChainBrokenError where there is none, or none that is proven; BackupCorruptError.
    """
    newest, others = None, set()
    for backup_id in reversed(list_ids(storage)):
        try:
            manifest = load_manifest(storage, backup_id)
        except NoSuchBackupError:
            continue
        except BackupCorruptError as error:
            # It may be this database's newest one; what it holds would be a gap.
            error.hint = FULL
            raise
        if manifest.database == database and manifest.server_uuid == server_uuid:
            newest = manifest
            break
        if manifest.database == database:
            others.add(manifest.server_uuid)
    if newest is None:
        raise _no_parent(storage, database, server_uuid, others)
    try:
        chain = chain_of(storage, newest.id, find)
    except BackupCorruptError as error:
        error.hint = FULL
        raise
    for backup in chain.backups:
        found = standing(backup)
        if not found.proven:
            raise ChainBrokenError(
                f"backup {backup.id} is not proven, so nothing is built on it",
                where=backup.file_path,
                why=found.proof.result,
                hint=f"{FULL}\n     or: prove it: dbsync backups verify {backup.id}",
            )
    return chain


def newest_chain(storage: Path, database: str, find: Find | None = None) -> Chain | None:
    """The chain of the newest incremental backup of the database; None where there is none.

    Raises ChainBrokenError, BackupCorruptError.
    """
    for backup_id in reversed(list_ids(storage)):
        manifest = load_manifest(storage, backup_id)
        if manifest.type == "incremental" and manifest.database == database:
            return chain_of(storage, backup_id, find)
    return None


def verify_last(storage: Path, chain: Chain) -> None:
    """Read the stored bytes of the increment that is to be continued; a full backup is too large for that.

    Raises BackupCorruptError.
    """
    if not chain.increments:
        return
    try:
        verify_files(storage, chain.last.id)
    except BackupCorruptError as error:
        error.hint = FULL
        raise


def _no_parent(storage: Path, database: str, server_uuid: str, others: set[str]) -> ChainBrokenError:
    if others:
        return ChainBrokenError(
            f"the backups of `{database}` are of another server: its uuid changed",
            where=str(storage),
            why=f"server {server_uuid}; the backups are of {', '.join(sorted(others))}",
            hint=FULL,
        )
    return ChainBrokenError(
        f"there is no full backup of `{database}` that an incremental one could continue",
        where=str(storage),
        hint=FULL,
    )


def _parent(storage: Path, child: Manifest, find: Find) -> Manifest:
    if child.parent >= child.id:
        raise ChainBrokenError(
            f"backup {child.id} names a later one as its parent", where=child.parent, hint=FULL
        )
    try:
        return find(child.parent)
    except NoSuchBackupError as error:
        raise ChainBrokenError(
            f"backup {child.parent}, which {child.id} continues, is gone",
            where=str(storage),
            why="retention or a person removed it",
            hint=FULL,
        ) from error


def _require_whole(storage: Path, backup: Manifest) -> None:
    """By length: reading a full backup would take longer than an incremental one."""
    if is_remote(backup) or looks_whole(backup):
        return
    try:
        archive.verify(Path(backup.file_path), backup.files)
    except MismatchError as error:
        raise as_corrupt(storage, backup.id, error) from error


def _require_link(parent: Manifest, child: Manifest) -> None:
    span = child.span
    if span is None:
        raise ChainBrokenError(f"backup {child.id} does not say what it holds", where=FILE_NAME, hint=FULL)
    ends = (parent.binlog_file, parent.binlog_position)
    different = []
    if (span.start_file, span.start_position) != ends:
        different.append(f"it begins at {span.start_file}:{span.start_position}")
    # A backup by dump knows no GTIDs.
    if parent.gtid_executed and GtidSet.parse(span.start_gtids) != GtidSet.parse(parent.gtid_executed):
        different.append(f"it begins with GTIDs {span.start_gtids or 'unknown'}")
    if (parent.server_uuid, parent.database) != (child.server_uuid, child.database):
        different.append(f"it is of `{child.database}` on server {child.server_uuid}")
    if different:
        raise ChainBrokenError(
            f"backup {child.id} does not continue {parent.id}, which it names as its parent",
            where=f"{parent.id} ends at {ends[0]}:{ends[1]}, GTIDs {parent.gtid_executed or 'unknown'}",
            why="; ".join(different),
            hint=FULL,
        )
