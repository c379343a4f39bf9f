"""Files that are either whole or absent after a crash: temp, fsync, rename, fsync the folder."""

from __future__ import annotations

import errno
import os
import shutil
from pathlib import Path

from resources.errors import DiskFullError


def fsync_folder(folder: Path) -> None:
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def write_durably(path: Path, data: bytes, *, mode: int = 0o600) -> None:
    """Replace `path` by `data` so that a reader sees the old or the new content, never a part.

    Raises DiskFullError (with what is needed and what is there) on ENOSPC or EDQUOT.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.partial")
    try:
        fd = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode)
        try:
            with os.fdopen(fd, "wb", closefd=False) as stream:
                stream.write(data)
                stream.flush()
            os.fsync(fd)
        finally:
            os.close(fd)
        temporary.replace(path)
        fsync_folder(path.parent)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise disk_full(error, path, len(data)) from error


def disk_full(error: OSError, path: Path, needed: int | None = None) -> Exception:
    """`error` itself, or a DiskFullError where that is what it means."""
    if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return error
    existing = path if path.exists() else path.parent
    free = shutil.disk_usage(existing).free
    need = f"need {needed:,} bytes, " if needed else ""
    return DiskFullError(
        f"disk full: {path}",
        where=str(existing),
        why=f"{need}have {free:,} bytes ({error.strerror})",
        hint="free space there, or set BACKUP_STORAGE_PATH to a larger disk",
    )
