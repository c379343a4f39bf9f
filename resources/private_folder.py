"""Folders that dbsync keeps its own things in, made so that only this user can read them."""

from __future__ import annotations

import os
from pathlib import Path

from resources.durable_file import disk_full
from resources.errors import EnvironmentCheckError


def make_private_folder(folder: Path, setting: str) -> None:
    """Make it, mode 0700, where it is absent. `setting`: the variable that names it.

    Raises EnvironmentCheckError where it cannot be made or written into, DiskFullError.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    except OSError as error:
        full = disk_full(error, folder)
        if full is not error:
            raise full from error
        raise _unusable(folder, setting, f"it cannot be made: {error.strerror}") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise _unusable(folder, setting, "this user may not write there, or the disk is read-only")


def _unusable(folder: Path, setting: str, why: str) -> EnvironmentCheckError:
    return EnvironmentCheckError(
        f"the folder of {setting} cannot be used",
        where=str(folder),
        why=why,
        hint=f"make it writable for this user, or set {setting} to another folder; then: dbsync doctor",
    )
