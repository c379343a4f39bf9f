"""Folders of private servers under `<state>/servers/`, and the end of those a killed dbsync left."""

from __future__ import annotations

import shutil
from pathlib import Path

from resources.backup.storage import is_abandoned, write_owner
from resources.durable_file import disk_full
from resources.mysql.leftovers import stop_leftovers
from resources.target import Target


def work_folder(target: Target, name: str) -> Path:
    """A new 0700 folder of this process. Raises DiskFullError, FileExistsError."""
    folder = servers_folder(target) / name
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.mkdir(mode=0o700)
    except FileExistsError:
        raise
    except OSError as error:
        raise disk_full(error, folder) from error
    write_owner(folder)
    return folder


def remove_abandoned(target: Target) -> list[str]:
    """Stop the servers and remove the folders of processes that are gone; the folders' names."""
    parent = servers_folder(target)
    stop_leftovers(parent)
    removed = []
    for folder in sorted(parent.iterdir()) if parent.is_dir() else []:
        if folder.is_dir() and not folder.is_symlink() and is_abandoned(folder):
            shutil.rmtree(folder)
            removed.append(folder.name)
    return removed


def servers_folder(target: Target) -> Path:
    """Where the private servers of backups, proofs and rollbacks lie."""
    return target.state / "servers"
