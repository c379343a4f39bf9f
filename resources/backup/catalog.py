"""What backups there are. The manifests are the catalog: there is no index that could disagree with them."""

from __future__ import annotations

from pathlib import Path

from resources import progress
from resources.backup.archive import stored_path
from resources.backup.ids import check_id, is_id
from resources.backup.manifest import FILE_NAME, DamagedManifestError, Manifest, decode
from resources.backup.standing import standing
from resources.errors import BackupCorruptError, NoSuchBackupError
from resources.redact import inert

__all__ = ["check_id", "corrupt", "list_backups", "load_manifest", "looks_whole", "older_good"]

_LONGEST_MANIFEST = 256 << 20


def list_backups(storage: Path) -> list[Manifest]:
    """Every backup with a sound manifest, oldest first. Damaged ones are named through progress.say."""
    found = []
    for backup_id in _ids(storage):
        try:
            found.append(_read(storage, backup_id))
        except DamagedManifestError as error:
            progress.say(f"backup {backup_id} is damaged and not listed: {inert(str(error))[:300]}")
        except NoSuchBackupError:
            continue  # removed by another process a moment ago
    return found


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
        hint=older_good(storage, backup_id),
    )


def older_good(storage: Path, backup_id: str) -> str:
    """What to type next: the newest older backup that is whole, a proven one before any other."""
    whole = [one for one in reversed(_readable(storage)) if one.id < backup_id and looks_whole(one)]
    proven = [one for one in whole if standing(one).proven]
    usable = [*proven, *(one for one in whole if not standing(one).failed)]
    if not usable:
        return "make a new one: dbsync backup"
    return f"an older backup: dbsync backups verify {usable[0].id}"


def _read(storage: Path, backup_id: str) -> Manifest:
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
        manifest = decode(path.read_bytes(), str(folder))
    except FileNotFoundError:
        raise DamagedManifestError("the manifest is missing") from None
    if manifest.id != backup_id:
        raise DamagedManifestError(f"it is the manifest of {manifest.id}")
    return manifest


def _readable(storage: Path) -> list[Manifest]:
    found = []
    for backup_id in _ids(storage):
        try:
            found.append(_read(storage, backup_id))
        except (DamagedManifestError, NoSuchBackupError):
            continue
    return found


def looks_whole(manifest: Manifest) -> bool:
    """By length only: reading them all would take as long as verifying."""
    paths = ((stored_path(Path(manifest.file_path), file.path), file) for file in manifest.files)
    return all(path.is_file() and path.stat().st_size == file.stored_length for path, file in paths)


def _ids(storage: Path) -> list[str]:
    return sorted(entry.name for entry in storage.iterdir() if is_id(entry.name)) if storage.is_dir() else []
