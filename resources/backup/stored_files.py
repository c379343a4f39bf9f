"""Whether the files of a stored backup are as they were written."""

from __future__ import annotations

from pathlib import Path

from resources.backup import archive
from resources.backup.archive import MismatchError
from resources.backup.catalog import corrupt, load_manifest
from resources.backup.manifest import Manifest
from resources.errors import BackupCorruptError


def verify_files(storage: Path, backup_id: str) -> Manifest:
    """Check length and SHA-256 of every stored file. Starts nothing, writes nothing.

    Raises NoSuchBackupError; BackupCorruptError naming the file, what was expected and what
    is there, and an older backup where there is one.
    """
    manifest = load_manifest(storage, backup_id)
    try:
        archive.verify(Path(manifest.file_path), manifest.files)
    except MismatchError as error:
        raise as_corrupt(storage, backup_id, error) from error
    return manifest


def as_corrupt(storage: Path, backup_id: str, error: MismatchError) -> BackupCorruptError:
    return corrupt(storage, backup_id, error.path, f"expected {error.expected}, actual {error.actual}")
