"""Whether there is room for what is about to be written."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path

from resources.errors import DiskFullError

SERVER_BYTES = 300 << 20
"""An empty private server: dictionary, undo, redo."""
ARCHIVE_SHARE = 0.5
"""Stored size against the files' size; 0.31 to 0.44 was measured."""


def require_room(needs: Sequence[tuple[Path, int]]) -> None:
    """`needs`: (folder, bytes). Folders on one disk share its space. Raises DiskFullError."""
    disks: dict[int, tuple[Path, int]] = {}
    for folder, need in needs:
        place = next(one for one in (folder, *folder.absolute().parents) if one.exists())
        device = place.stat().st_dev
        first, before = disks.get(device, (place, 0))
        disks[device] = (first, before + need)
    for place, need in disks.values():
        free = shutil.disk_usage(place).free
        if free < need:
            raise DiskFullError(
                f"disk full: {place}",
                where=str(place),
                why=f"need about {need:,} bytes, have {free:,} bytes",
                hint="free space there, or set BACKUP_STORAGE_PATH to a larger disk",
            )
