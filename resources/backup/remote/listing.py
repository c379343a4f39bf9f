"""Backups wherever they are: in the folder, in the bucket, or in both."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

from resources import progress
from resources.backup.archive import make_folder
from resources.backup.catalog import (
    list_backups,
    load_manifest,
    looks_whole,
    older_good,
    read_catalog,
)
from resources.backup.ids import check_id, is_id
from resources.backup.lanes import in_lanes
from resources.backup.manifest import FILE_NAME, DamagedManifestError, Manifest, decode
from resources.backup.remote.etag import md5
from resources.backup.remote.layout import PROOFS, manifest_key, proofs_key, top_prefix
from resources.backup.remote.store import RemoteStore, open_store
from resources.durable_file import write_durably
from resources.errors import BackupCorruptError, DbsyncError, NoSuchBackupError, RemoteStorageError
from resources.redact import inert
from resources.target import Target

_LANES = 8
_LONGEST_MANIFEST = 256 << 20


def all_backups(target: Target) -> list[Manifest]:
    """Every backup with a sound manifest, oldest first; of one that is in both places, the local copy.

    A remote one's `file_path` is its address, `s3://…`. Raises RemoteStorageError.
    """
    found = {one.id: one for one in (*remote_backups(target), *list_backups(target.storage))}
    return [found[backup_id] for backup_id in sorted(found)]


def known_backups(target: Target) -> list[Manifest]:
    """As `all_backups`; where the bucket cannot be asked, what is here, and that is said."""
    try:
        return all_backups(target)
    except RemoteStorageError as error:
        progress.say(f"only what is on this machine is looked at: {error.what} ({error.why})")
        return list_backups(target.storage)


def remote_backups(target: Target) -> list[Manifest]:
    """Every backup in the bucket with a sound manifest, oldest first; none without a bucket.

    Damaged ones are named through progress.say. Raises RemoteStorageError.
    """
    found, damaged = read_remote_catalog(target)
    for backup_id, why in damaged.items():
        progress.say(f"backup {backup_id} in the bucket is damaged and not listed: {why[:300]}")
    return found


def read_remote_catalog(target: Target) -> tuple[list[Manifest], dict[str, str]]:
    """As `read_catalog`, of the bucket; nothing without one. Raises RemoteStorageError."""
    if target.remote is None:
        return [], {}
    store = open_store(target.remote)
    ids = [name for name in store.folders(top_prefix(target.remote)) if is_id(name)]
    damaged: dict[str, str] = {}

    def one(backup_id: str, _: object) -> Manifest | None:
        try:
            return read_remote_manifest(target, store, backup_id)
        except BackupCorruptError as error:
            damaged[backup_id] = error.why
            return None

    found = [manifest for manifest in in_lanes(ids, one, lanes=_LANES) if manifest is not None]
    return sorted(found, key=lambda manifest: manifest.id), damaged


def locate(target: Target, backup_id: str) -> Manifest:
    """The manifest of a backup wherever it is, nothing fetched but that; the bucket's if it is damaged here.

    Raises NoSuchBackupError, BackupCorruptError, RemoteStorageError.
    """
    check_id(backup_id)
    if target.remote is None or (target.storage / backup_id).exists():
        try:
            return load_manifest(target.storage, backup_id)
        except BackupCorruptError as error:
            if target.remote is None:
                raise
            return remote_instead(target, backup_id, error)
    found = read_remote_manifest(target, open_store(target.remote), backup_id)
    if found is None:
        raise NoSuchBackupError(
            f"there is no backup {backup_id}",
            where=f"{target.storage}, {target.remote}",
            hint="dbsync backups list",
        )
    return found


def remote_instead(target: Target, backup_id: str, error: BackupCorruptError) -> Manifest:
    """The manifest in the bucket of a backup that is damaged here, as `error` says.

    Raises `error`, saying why the bucket does not help.
    """
    assert target.remote
    try:
        found = read_remote_manifest(target, open_store(target.remote), backup_id)
    except (BackupCorruptError, RemoteStorageError) as other:
        raise of_no_use(target, backup_id, error, other) from other
    if found is None:
        raise of_no_use(target, backup_id, error, None)
    progress.say(f"{error.what} ({error.why}); the copy in {target.remote} is used")
    return found


def of_no_use(
    target: Target, backup_id: str, error: BackupCorruptError, bucket: DbsyncError | None
) -> BackupCorruptError:
    """`error`, of the damaged copy here, with why the bucket does not help; None: it does not have it."""
    why = f"the copy in {target.remote} cannot be used: {bucket.what} ({bucket.why})" if bucket else ""
    error.why = f"{error.why}; {why or f'{target.remote} does not have it'}"
    error.hint = older_good_anywhere(target, backup_id)
    return error


def older_good_anywhere(target: Target, backup_id: str) -> str:
    """As `older_good`, in the folder and in the bucket; where that cannot be asked, it is said."""
    here = read_catalog(target.storage)[0]
    try:
        there = read_remote_catalog(target)[0]
    except RemoteStorageError as error:
        return f"{older_good(here, backup_id)}   (the bucket cannot be asked: {error.what})"
    found = {one.id: one for one in (*there, *filter(looks_whole, here))}
    return older_good(found.values(), backup_id)


def read_remote_manifest(target: Target, store: RemoteStore, backup_id: str) -> Manifest | None:
    """With its later proofs; None where the bucket has no complete backup of that id.

    Raises BackupCorruptError, RemoteStorageError.
    """
    key = manifest_key(store.location, backup_id)
    found = store.head(key)
    if found is None:
        return None
    address = store.location.url(backup_id)
    cached = cache_folder(target, backup_id) / FILE_NAME
    data = cached.read_bytes() if cached.is_file() else b""
    try:
        if not data or not found.has_etag(md5(data).hex()):
            if found.length > _LONGEST_MANIFEST:
                raise DamagedManifestError(f"{found.length:,} bytes are too many for a manifest")
            data = b"".join(store.get(key, etag=found.etag))
            manifest = decode(data, address)
            _keep(cached, data)
        else:
            manifest = decode(data, address)
        if manifest.id != backup_id:
            raise DamagedManifestError(f"it is the manifest of {manifest.id}")
    except DamagedManifestError as error:
        raise BackupCorruptError(
            f"backup {backup_id} is damaged: {FILE_NAME}",
            where=f"{address}/{FILE_NAME}",
            why=inert(str(error)),
            hint="dbsync backups list   (names the others)",
        ) from error
    proofs = read_remote_proofs(target, store, backup_id)
    return replace(manifest, proofs_folder=str(proofs.parent) if proofs else "")


def read_remote_proofs(target: Target, store: RemoteStore, backup_id: str) -> Path | None:
    """The file with the later proofs of a remote backup, as it is now; None where there are none."""
    found = store.head(proofs_key(store.location, backup_id))
    path = cache_folder(target, backup_id) / PROOFS
    if found is None:
        return None
    if not path.is_file() or not found.has_etag(md5(path.read_bytes()).hex()):
        _keep(path, b"".join(store.get(found.key, etag=found.etag)) if found.length else b"")
    return path


def cache_folder(target: Target, backup_id: str) -> Path:
    """Where the manifest (and the proofs) of a remote backup are kept. May be deleted at any time."""
    assert target.remote
    place = hashlib.sha256(f"{target.remote.endpoint} {target.remote}".encode()).hexdigest()[:16]
    return target.state / "remote" / place / check_id(backup_id)


def _keep(path: Path, data: bytes) -> None:
    make_folder(path.parent)
    write_durably(path, data)


def at(manifest: Manifest, folder: Path) -> Manifest:
    """The same backup, lying in `folder`."""
    return replace(manifest, file_path=str(folder), proofs_folder="")
