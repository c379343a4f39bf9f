"""Where the objects of a backup are: `<prefix>/<id>/…`, the same names as in its folder."""

from __future__ import annotations

from resources.backup.manifest import FILE_NAME
from resources.backup.remote.location import RemoteLocation

PROOFS = "proofs.jsonl"
"""Later proofs of a backup, beside its manifest, which never changes."""


def manifest_key(location: RemoteLocation, backup_id: str) -> str:
    """The last object to be written and the first to be removed: without it there is no backup."""
    return location.key(backup_id, FILE_NAME)


def proofs_key(location: RemoteLocation, backup_id: str) -> str:
    return location.key(backup_id, PROOFS)


def backup_prefix(location: RemoteLocation, backup_id: str) -> str:
    """What the keys of all its objects, and of no others, begin with."""
    return location.key(backup_id) + "/"


def top_prefix(location: RemoteLocation) -> str:
    return f"{location.prefix}/" if location.prefix else ""
