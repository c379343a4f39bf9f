"""What backups there are. The manifests are the catalog; the index (`index.py`) only saves time."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from resources import progress
from resources.backup.ids import check_id, is_id
from resources.backup.manifest import FILE_NAME, DamagedManifestError, Manifest, decode
from resources.backup.remote.location import SCHEME
from resources.backup.standing import standing
from resources.errors import BackupCorruptError, NoSuchBackupError
from resources.redact import inert

__all__ = [
    "check_id",
    "corrupt",
    "is_remote",
    "list_backups",
    "list_ids",
    "load_manifest",
    "looks_whole",
    "older_good",
]

_LONGEST_MANIFEST = 256 << 20


def list_backups(storage: Path) -> list[Manifest]:
    """Every backup with a sound manifest, oldest first. Damaged ones are named through progress.say."""
    found, damaged = read_catalog(storage)
    for backup_id, why in damaged.items():
        say_damaged(backup_id, why)
    return found


def read_catalog(storage: Path) -> tuple[list[Manifest], dict[str, str]]:
    """Every backup with a sound manifest, oldest first; and of the others, by id, what is wrong with it."""
    found: list[Manifest] = []
    damaged: dict[str, str] = {}
    for backup_id in list_ids(storage):
        try:
            found.append(_read(storage, backup_id))
        except DamagedManifestError as error:
            damaged[backup_id] = str(error)
        except NoSuchBackupError:
            continue  # removed by another process a moment ago
    return found, damaged


def say_damaged(backup_id: str, why: object) -> None:
    progress.say(f"backup {backup_id} is damaged and not listed: {inert(str(why))[:300]}")


def load_manifest(storage: Path, backup_id: str) -> Manifest:
    """Raises NoSuchBackupError, also for what is no id or a symlink; BackupCorruptError."""
    check_id(backup_id)
    try:
        return _read(storage, backup_id)
    except DamagedManifestError as error:
        raise corrupt(storage, backup_id, FILE_NAME, str(error)) from error


def corrupt(storage: Path, backup_id: str, file: str, why: str) -> BackupCorruptError:
    """The error for a damaged backup; its hint names the newest older one that looks whole."""
    return BackupCorruptError(
        f"backup {backup_id} is damaged: {inert(file)}",
        where=str(storage / backup_id / file),
        why=inert(why),
        hint=older_good(read_catalog(storage)[0], backup_id),
    )


def older_good(backups: Iterable[Manifest], backup_id: str) -> str:
    """What to type next: the newest older one of `backups` that is whole, a proven one before any other.

    One in a bucket is taken for whole; `older_good_anywhere` (remote/listing.py) looks there as well.
    """
    ordered = sorted(backups, key=lambda one: one.id, reverse=True)
    whole = [one for one in ordered if one.id < backup_id and (is_remote(one) or looks_whole(one))]
    proven = [one for one in whole if standing(one).proven]
    usable = [*proven, *(one for one in whole if not standing(one).failed)]
    if not usable:
        return "make a new one: dbsync backup"
    return f"an older backup: dbsync backups verify {usable[0].id}"


def _read(storage: Path, backup_id: str) -> Manifest:
    return decode_manifest(storage, backup_id, read_manifest(storage, backup_id))


def read_manifest(storage: Path, backup_id: str) -> bytes:
    """The manifest's bytes as they are. Raises NoSuchBackupError, DamagedManifestError."""
    folder = storage / backup_id
    # A link could lead anywhere, and what it leads to could change between two looks.
    if folder.is_symlink() or not folder.is_dir():
        raise NoSuchBackupError(
            f"there is no backup {backup_id}", where=str(storage), hint="dbsync backups list"
        )
    path = folder / FILE_NAME
    try:
        if path.is_symlink() or path.stat().st_size > _LONGEST_MANIFEST:
            raise DamagedManifestError("it is a link, or too large to be a manifest")
        return path.read_bytes()
    except FileNotFoundError:
        if not folder.is_dir():  # removed a moment ago
            raise NoSuchBackupError(f"there is no backup {backup_id}", where=str(storage)) from None
        raise DamagedManifestError("the manifest is missing") from None
    except OSError as error:
        raise DamagedManifestError(f"the manifest cannot be read: {error.strerror}") from error


def decode_manifest(storage: Path, backup_id: str, data: bytes) -> Manifest:
    """The manifest in `data`, which is that of `backup_id`. Raises DamagedManifestError."""
    manifest = decode(data, str(storage / backup_id))
    if manifest.id != backup_id:
        raise DamagedManifestError(f"it is the manifest of {manifest.id}")
    return manifest


def is_remote(manifest: Manifest) -> bool:
    """Whether it is only in the bucket."""
    return manifest.file_path.startswith(SCHEME)


def looks_whole(manifest: Manifest) -> bool:
    """By length only: reading them all would take as long as verifying."""
    paths = ((Path(manifest.file_path, file.stored_name), file) for file in manifest.files)
    return all(path.is_file() and path.stat().st_size == file.stored_length for path, file in paths)


def list_ids(storage: Path) -> list[str]:
    """Names of the folders that are, or claim to be, backups; oldest first."""
    return sorted(entry.name for entry in storage.iterdir() if is_id(entry.name)) if storage.is_dir() else []
