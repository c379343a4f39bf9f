"""Where backups lie: `<storage>/<id>/`, made as `<storage>/<id>.partial/` and renamed when complete."""

from __future__ import annotations

import json
import os
import shutil
import tempfile
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from resources.backup.ids import is_id, next_id
from resources.backup.index import refresh
from resources.backup.manifest import FILE_NAME, Manifest
from resources.backup.storage_io import REAL, StorageIo
from resources.durable_file import disk_full, write_durably
from resources.mysql.process_identity import ProcessIdentity, identity_of

PARTIAL = ".partial"
OWNER = "owner.json"
_NAMELESS = ".new-"
_GRACE = 3600.0
"""Seconds after which a folder without an owner is nobody's: between mkdir and its owner file."""


@contextmanager
def partial(
    storage: Path, now: datetime | None = None, *, removed: Iterable[str] = (), kind: str = "full"
) -> Iterator[tuple[str, Path]]:
    """(new id, folder to build that backup in); the folder is gone afterwards unless it was published.

    removed: ids of killed backups, never given out again: a journal may still name them.
    kind: full or incr. Raises DiskFullError.
    """
    try:
        storage.mkdir(mode=0o700, parents=True, exist_ok=True)
        # It gets its name with its owner inside, so that no other process takes it for abandoned.
        folder = Path(tempfile.mkdtemp(prefix=_NAMELESS, suffix=PARTIAL, dir=storage))
    except OSError as error:
        raise disk_full(error, storage) from error
    try:
        write_owner(folder)
        while True:
            backup_id = next_id([*_taken(storage), *removed], now or datetime.now(UTC), kind)
            named = storage / (backup_id + PARTIAL)
            try:
                folder.rename(named)
            except OSError:
                if not named.exists():
                    raise
                continue  # another process took that id a moment ago
            folder = named
            break
        yield backup_id, folder
    finally:
        # What cannot be removed now, the next backup removes.
        shutil.rmtree(folder, ignore_errors=True)


def publish(folder: Path, manifest: Manifest, io: StorageIo = REAL) -> None:
    """Write the manifest and give the backup its name: from here on it is listed.

    `folder` must have been flushed before. Raises DiskFullError.
    """
    path = folder / FILE_NAME
    data = manifest.encode()
    try:
        with io.create(path) as stream:
            io.write(stream, data)
        io.fsync(path)
        io.fsync(folder)
        published = folder.with_name(manifest.id)
        io.rename(folder, published)
        io.fsync(folder.parent)
        (published / OWNER).unlink()
    except OSError as error:
        raise disk_full(error, path, len(data)) from error
    refresh(published.parent)


def write_owner(folder: Path) -> None:
    """Say whose folder this is, for whoever finds it later."""
    write_durably(folder / OWNER, json.dumps(asdict(identity_of(os.getpid()))).encode())


def is_abandoned(folder: Path) -> bool:
    """Whether the process that made this work folder is gone."""
    try:
        owner = ProcessIdentity(**json.loads((folder / OWNER).read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return _is_old(folder)
    return not owner.is_alive


def _is_old(path: Path) -> bool:
    try:
        return time.time() - path.stat().st_mtime > _GRACE
    except FileNotFoundError:
        return False


def remove_partials(storage: Path) -> list[str]:
    """Remove what killed processes left in the storage; ids of backups, names of files."""
    removed = []
    for left in abandoned(storage):
        if left.is_dir():
            shutil.rmtree(left, ignore_errors=True)
        else:
            left.unlink(missing_ok=True)
        removed.append(left.name.removesuffix(PARTIAL))
    return removed


def abandoned(storage: Path) -> list[Path]:
    """Work folders of processes that are gone, and files that one was writing when it was killed."""
    found = []
    for left in sorted(storage.glob(f"*{PARTIAL}")) if storage.is_dir() else []:
        if left.is_symlink():
            continue
        if not left.is_dir():
            if left.name.startswith(".") and _is_old(left):  # of write_durably
                found.append(left)
            continue
        named = is_id(left.name.removesuffix(PARTIAL))
        # A folder gets its name with its owner inside, so without one it was being removed.
        if (named and not (left / OWNER).exists()) or is_abandoned(left):
            found.append(left)
    return found


def _taken(storage: Path) -> list[str]:
    return [entry.name.removesuffix(PARTIAL) for entry in storage.iterdir()]
