"""A backup that is only in the bucket becomes one in the folder: every file checked, or none of it."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any

from resources import progress
from resources.backup import archive
from resources.backup.age_keys import read_identities
from resources.backup.catalog import load_manifest
from resources.backup.ids import check_id
from resources.backup.lanes import StoppedError, in_lanes
from resources.backup.manifest import FILE_NAME, Manifest, StoredFile
from resources.backup.remote.layout import PROOFS, backup_prefix
from resources.backup.remote.listing import (
    at,
    locate,
    of_no_use,
    older_good_anywhere,
    read_remote_proofs,
    remote_instead,
)
from resources.backup.remote.one_at_a_time import one_at_a_time
from resources.backup.remote.s3_put import LANES
from resources.backup.remote.store import RemoteObject, RemoteStore, open_store
from resources.backup.room import require_room
from resources.backup.standing import merged_proofs
from resources.backup.storage import OWNER, PARTIAL, write_owner
from resources.backup.storage_io import REAL
from resources.backup.stored_files import verify_files
from resources.backup.stored_reader import sha256_of
from resources.durable_file import disk_full, fsync_folder, write_durably
from resources.errors import BackupCorruptError, RemoteStorageError
from resources.target import Target


def fetch_backup(target: Target, backup_id: str, *, to_open: bool = False) -> Manifest:
    """The backup as it lies in `target.storage`, fetched there if it is only in the bucket.

    A fetch that was killed is gone on with. Length and SHA-256 of every file are checked before
    the folder gets its name. `to_open`: nothing is fetched that no key here could open. Raises
    NoSuchBackupError; BackupCorruptError naming the object and an older backup; BackupKeyError;
    RemoteStorageError; DiskFullError.
    """
    check_id(backup_id)
    if target.remote is None or (target.storage / backup_id).exists():
        return load_manifest(target.storage, backup_id)
    with one_at_a_time(target.state, f"fetch-{backup_id}"):
        if (target.storage / backup_id).exists():
            return load_manifest(target.storage, backup_id)
        manifest = locate(target, backup_id)
        if to_open and manifest.encryption:
            read_identities(target.age_identity, backup_id)
        return _fetch(target, open_store(target.remote), manifest)


def sound_backup(target: Target, backup_id: str, *, to_open: bool = False) -> Manifest:
    """As `fetch_backup`, and every stored byte here is checked; a damaged copy gives way to the bucket's.

    Raises as `fetch_backup`; BackupCorruptError says why the bucket does not help.
    """
    try:
        fetch_backup(target, backup_id, to_open=to_open)
        return verify_files(target.storage, backup_id)
    except BackupCorruptError as error:
        if target.remote is None or not (target.storage / backup_id).exists():
            raise
        return replaced_by_remote(target, backup_id, error)


def replaced_by_remote(target: Target, backup_id: str, error: BackupCorruptError) -> Manifest:
    """The copy here is damaged, as `error` says: fetch the bucket's, which takes its place once it is whole.

    The later proofs of both are kept. Raises `error` where there is no bucket, or none that helps;
    what fetching raises.
    """
    if target.remote is None:
        raise error
    with one_at_a_time(target.state, f"fetch-{backup_id}"):
        try:
            return verify_files(target.storage, backup_id)  # another process was quicker
        except BackupCorruptError:
            pass
        manifest = remote_instead(target, backup_id, error)
        try:
            return _fetch(target, open_store(target.remote), manifest)
        except (BackupCorruptError, RemoteStorageError) as other:
            raise of_no_use(target, backup_id, error, other) from other


def _fetch(target: Target, store: RemoteStore, manifest: Manifest) -> Manifest:
    published = target.storage / manifest.id
    require_room([(target.storage, manifest.size)])
    folder = target.storage / f"{manifest.id}.fetch{PARTIAL}"
    there = {found.key: found for found in store.list(backup_prefix(store.location, manifest.id))}
    try:
        archive.make_folder(folder)
        write_owner(folder)
        for place in {(folder / file.stored_name).parent for file in manifest.files}:
            archive.make_folder(place)
        ordered = sorted(manifest.files, key=lambda file: file.stored_length, reverse=True)
        title = f"fetch {manifest.id} from {store.location}"
        with progress.step(title, total=manifest.size, unit="bytes") as step:

            def one(file: StoredFile, stopped: Callable[[], bool]) -> None:
                key = store.location.key(manifest.id, file.stored_name)
                _fetch_file(store, there.get(key), file, folder / file.stored_name, stopped, step)

            in_lanes(ordered, one, lanes=LANES)
        write_durably(folder / FILE_NAME, manifest.encode())
        proofs = read_remote_proofs(target, store, manifest.id)
        told = [path for path in (proofs, published / PROOFS) if path and _is_plain_file(path)]
        if told:
            write_durably(folder / PROOFS, reduce(merged_proofs, [path.read_bytes() for path in told]))
        archive.flush(folder)
        _set_aside(published)
        folder.rename(published)
        fsync_folder(published.parent)
        (published / OWNER).unlink()
        shutil.rmtree(_aside(published), ignore_errors=True)
    except _DamagedError as error:
        shutil.rmtree(folder, ignore_errors=True)
        raise _corrupt(target, manifest, error) from error
    except OSError as error:
        raise disk_full(error, folder, manifest.size) from error
    return at(manifest, published)


def _is_plain_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _aside(published: Path) -> Path:
    """Where a damaged copy lies for a moment; what a kill leaves there goes as every work folder does."""
    return published.with_name(f"{published.name}.damaged{PARTIAL}")


def _set_aside(published: Path) -> None:
    if published.exists():
        shutil.rmtree(_aside(published), ignore_errors=True)
        published.rename(_aside(published))


class _DamagedError(Exception):
    def __init__(self, file: StoredFile, actual: str) -> None:
        super().__init__(actual)
        self.file = file
        self.actual = actual


def _fetch_file(
    store: RemoteStore,
    found: RemoteObject | None,
    file: StoredFile,
    path: Path,
    stopped: Callable[[], bool],
    step: Any,
) -> None:
    if path.is_file() and path.stat().st_size == file.stored_length and sha256_of(path) == file.stored_sha256:
        step.advance(file.stored_length)
        return
    if found is None:
        raise _DamagedError(file, "no such object")
    if found.length != file.stored_length:
        raise _DamagedError(file, f"{found.length:,} bytes")
    part = path.with_name(path.name + PARTIAL)
    if part.is_file() and part.stat().st_size > file.stored_length:
        part.unlink()
    began_at = part.stat().st_size if part.is_file() else 0
    actual = _download(store, found, part, stopped, step)
    if actual != file.stored_sha256 and began_at:
        # What a power cut left of the first half may be anything.
        part.unlink()
        actual = _download(store, found, part, stopped, step)
    if actual != file.stored_sha256:
        raise _DamagedError(file, f"sha256 {actual}")
    part.rename(path)


def _download(
    store: RemoteStore, found: RemoteObject, part: Path, stopped: Callable[[], bool], step: Any
) -> str:
    """What is missing of `part`; the SHA-256 of all of it."""
    digest = hashlib.sha256()
    if part.is_file():
        with part.open("rb") as stream:
            while block := stream.read(archive.BLOCK):
                digest.update(block)
                step.advance(len(block))
    else:
        REAL.create(part).close()
    have = part.stat().st_size
    with part.open("ab", buffering=0) as stream:
        if have < found.length:
            for block in store.get(found.key, have, found.etag):
                if stopped():
                    raise StoppedError
                REAL.write(stream, block)
                digest.update(block)
                step.advance(len(block))
    return digest.hexdigest()


def _corrupt(target: Target, manifest: Manifest, error: _DamagedError) -> BackupCorruptError:
    file = error.file
    return BackupCorruptError(
        f"backup {manifest.id} is damaged: {file.stored_name}",
        where=f"{manifest.file_path}/{file.stored_name}",
        why=f"expected {file.stored_length:,} bytes with sha256 {file.stored_sha256}, actual {error.actual}",
        hint=older_good_anywhere(target, manifest.id),
    )
