"""The proof of what was stored: read back, restored into a private server, compared row by row."""

from __future__ import annotations

import os
import time
from pathlib import Path

from resources import progress
from resources.backup import archive
from resources.backup.archive import MismatchError
from resources.backup.catalog import corrupt
from resources.backup.manifest import Manifest, Proof
from resources.backup.open import open_manifest
from resources.backup.proof import Contents, read_contents
from resources.backup.stored_files import as_corrupt
from resources.target import Target


def prove_archive(target: Target, manifest: Manifest, folder: Path) -> Proof:
    """Check every stored byte at `manifest.file_path`, restore it into `folder`, read every row there.

    What was read must be what the manifest says was backed up. The server ends with the proof;
    removing `folder` is the caller's. Raises BackupCorruptError, BackupFailedError,
    DiskFullError, EnvironmentCheckError.
    """
    backup = Path(manifest.file_path)
    _forget_cached(backup, manifest)
    try:
        archive.verify(backup, manifest.files)
    except MismatchError as error:
        raise as_corrupt(target.storage, manifest.id, error) from error
    begun = time.monotonic()
    with progress.step(f"restore {manifest.id} into a private server"):
        server = open_manifest(target, manifest, folder)
    restored = time.monotonic() - begun
    try:
        contents = read_contents(server, manifest.database, begun)
    finally:
        server.kill()
    _require_same(target, manifest, contents)
    how = "unpacked and started" if manifest.engine == "clone" else "loaded"
    if not manifest.tables and contents.tables:
        how += " (its rows had not been digested when it was made, so there was nothing to compare)"
    return contents.proof(server, how, "archive", restored)


def _require_same(target: Target, manifest: Manifest, contents: Contents) -> None:
    different = [name for name, digest in manifest.tables.items() if contents.tables.get(name) != digest]
    wanted = manifest.tables or manifest.schema.tables
    if different or set(contents.tables) != set(wanted):
        named = ", ".join(different[:10]) or "the list of tables"
        raise corrupt(target.storage, manifest.id, "rows", f"after restoring, they differ in {named}")
    if contents.schema.digest != manifest.schema_digest:
        raise corrupt(
            target.storage,
            manifest.id,
            "schema",
            f"expected sha256 {manifest.schema_digest}, actual {contents.schema.digest}",
        )


def _forget_cached(backup: Path, manifest: Manifest) -> None:
    """What was just written is still in memory; the question is whether the disk has it."""
    if not hasattr(os, "posix_fadvise"):
        return
    for file in manifest.files:
        try:
            fd = os.open(backup / file.stored_name, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            continue  # verifying it says so better
        try:
            os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
        finally:
            os.close(fd)
