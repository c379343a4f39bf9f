"""One backup into the bucket: every object verified, the manifest last."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from resources import progress
from resources.backup import archive
from resources.backup.archive import MismatchError
from resources.backup.catalog import corrupt
from resources.backup.lanes import StoppedError, in_lanes
from resources.backup.manifest import FILE_NAME, Manifest, StoredFile
from resources.backup.remote.etag import PART, expected_etag
from resources.backup.remote.layout import PROOFS, backup_prefix, manifest_key, proofs_key
from resources.backup.remote.s3_put import LANES
from resources.backup.remote.store import RemoteObject, RemoteStore
from resources.backup.standing import merged_proofs
from resources.durable_file import write_durably
from resources.errors import RemoteStorageError


def is_committed(store: RemoteStore, manifest: Manifest) -> bool:
    """Whether the bucket holds this backup. Raises RemoteStorageError when that id is another one there."""
    key = manifest_key(store.location, manifest.id)
    found = store.head(key)
    if found is None:
        return False
    local = Path(manifest.file_path, FILE_NAME)
    if found.length == local.stat().st_size and _is_there(store, found, _Wanted.of(local), read_back=False):
        return True
    raise RemoteStorageError(
        f"the bucket holds another backup under the id {manifest.id}",
        where=store.location.url(manifest.id),
        why="two machines, or two projects, store below the same prefix",
        hint="give each its own prefix: BACKUP_STORAGE_PATH=s3://BUCKET/OTHER-PREFIX",
    )


def upload_backup(store: RemoteStore, manifest: Manifest, storage: Path) -> None:
    """Store a local backup; what an earlier, killed attempt has brought there is checked and left.

    The local files are checked first: a damaged backup is not worth a place. Raises
    BackupCorruptError, RemoteStorageError.
    """
    folder, location = Path(manifest.file_path), store.location
    try:
        archive.verify(folder, manifest.files)
    except MismatchError as error:
        why = f"expected {error.expected}, actual {error.actual}"
        raise corrupt(storage, manifest.id, error.path, why) from error
    there = {found.key: found for found in store.list(backup_prefix(location, manifest.id))}
    total = sum(file.stored_length for file in manifest.files)
    with progress.step(f"upload {manifest.id} to {location}", total=total, unit="bytes") as step:

        def one(file: StoredFile, stopped: Callable[[], bool]) -> None:
            if stopped():
                raise StoppedError
            key = location.key(manifest.id, file.stored_name)
            path = folder / file.stored_name
            wanted = _Wanted(file.stored_length, file.stored_sha256, path)
            found = there.get(key)
            if found is not None and _is_there(store, found, wanted, location.read_back):
                step.advance(file.stored_length)
                return
            _put_verified(store, key, wanted, step.advance)

        in_lanes([file for file in manifest.files if file.stored_length <= PART], one, lanes=LANES)
        for file in manifest.files:
            if file.stored_length > PART:
                one(file, lambda: False)  # its parts go in lanes
        upload_proofs(store, folder, manifest.id)
        _put_verified(store, manifest_key(location, manifest.id), _Wanted.of(folder / FILE_NAME), _nothing)


def upload_proofs(store: RemoteStore, folder: Path, backup_id: str) -> None:
    """The later proofs of a backup; those that another machine added come here, too."""
    path, key = folder / PROOFS, proofs_key(store.location, backup_id)
    if not path.is_file():
        return
    found = store.head(key)
    here = path.read_bytes()
    there = b"".join(_read(store, found)) if found is not None else b""
    both = merged_proofs(here, there)
    if both != here:
        write_durably(path, both)
    if found is None or both != there:
        _put_verified(store, key, _Wanted.of(path), _nothing)


@dataclass(frozen=True)
class _Wanted:
    """What an object has to be."""

    length: int
    sha256: str
    source: Path

    @classmethod
    def of(cls, path: Path) -> _Wanted:
        data = path.read_bytes()
        return cls(len(data), hashlib.sha256(data).hexdigest(), path)


def _put_verified(store: RemoteStore, key: str, wanted: _Wanted, advance: Callable[[int], None]) -> None:
    etag = store.put(key, wanted.source, advance)
    found = store.head(key)
    if found is not None and _is_there(store, found, wanted, store.location.read_back, etag):
        return
    has = f"{found.length:,} bytes with ETag {found.etag}" if found else "nothing"
    if found is not None:
        store.delete(key)
    raise RemoteStorageError(
        "what the bucket holds after the upload is not what was sent",
        where=store.location.url(key.removeprefix(store.location.key("")).lstrip("/")),
        why=f"expected {wanted.length:,} bytes with ETag {etag}, found {has}",
        hint="dbsync backups upload   (sends it again)",
    )


def _is_there(
    store: RemoteStore, found: RemoteObject, wanted: _Wanted, read_back: bool, etag: str = ""
) -> bool:
    """By length, and by the service's own digest of what it holds; where that says nothing, by reading it."""
    if found.length != wanted.length:
        return False
    if not read_back and found.has_etag(etag or expected_etag(wanted.source)):
        return True
    digest = hashlib.sha256()
    for block in _read(store, found):
        digest.update(block)
    return digest.hexdigest() == wanted.sha256


def _read(store: RemoteStore, found: RemoteObject) -> Iterator[bytes]:
    if found.length:
        yield from store.get(found.key, etag=found.etag)


def _nothing(amount: int) -> None:
    del amount
