"""Files to stored files and back: streaming, several at a time, every byte digested on the way."""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from resources import progress
from resources.backup.lanes import LANES, StoppedError, in_lanes
from resources.backup.manifest import StoredFile
from resources.backup.packer import Packer, discard, stored_path
from resources.backup.storage_io import REAL, StorageIo
from resources.backup.stored_reader import BLOCK, MismatchError, blocks_of, check_length, plain_blocks
from resources.durable_file import disk_full
from resources.uncached import uncached_blocks

__all__ = [
    "BLOCK",
    "LANES",
    "MismatchError",
    "Packer",
    "discard",
    "flush",
    "in_lanes",
    "make_folder",
    "pack",
    "plain_blocks",
    "stored_path",
    "unpack",
    "verify",
]


def pack(
    source: Path,
    names: Sequence[str],
    backup: Path,
    io: StorageIo = REAL,
    *,
    stop: threading.Event | None = None,
    go: threading.Event | None = None,
) -> list[StoredFile]:
    """Store the files `names` of `source` below `backup`; in the order of their names.

    The largest begin first, or the end would wait for one of them. Nothing is fsynced
    here: see `flush`. Once `stop` is set it ends with what is complete by then; until `go` is
    set it waits.
    Raises DiskFullError, OSError.
    """
    sizes = {name: (source / name).stat().st_size for name in names}
    total = sum(sizes.values())
    for folder in {stored_path(backup, name).parent for name in names}:
        make_folder(folder)
    with progress.step("compress", total=total, unit="bytes") as step:

        def one(name: str, stopped: Callable[[], bool]) -> StoredFile:
            # A file that is most of the work would leave the other processors idle.
            threads = LANES if sizes[name] > total / LANES else 0
            packer = Packer(stored_path(backup, name), name, length=sizes[name], threads=threads, io=io)
            try:
                for block in uncached_blocks(source / name):
                    if go:
                        go.wait()
                    if stopped():
                        raise StoppedError
                    packer.feed(block)
                    step.advance(len(block))
                return packer.finish()
            finally:
                packer.close()

        found = in_lanes(sorted(names, key=lambda name: sizes[name], reverse=True), one, stop=stop)
    return sorted(found, key=lambda file: file.path)


def flush(backup: Path, io: StorageIo = REAL) -> None:
    """Everything below `backup` is on the disk for certain when this returns. Raises DiskFullError."""
    for folder, _, files in os.walk(backup, topdown=False):
        for path in [*(Path(folder, name) for name in files), Path(folder)]:
            try:
                io.fsync(path)
            except OSError as error:
                raise disk_full(error, path) from error


def verify(backup: Path, files: Iterable[StoredFile]) -> None:
    """Read every stored byte. Raises MismatchError for the first file that is not as it was written."""
    ordered = sorted(files, key=lambda file: file.stored_length, reverse=True)
    for file in ordered:
        check_length(backup, file)
    total = sum(file.stored_length for file in ordered)
    with progress.step("verify stored files", total=total, unit="bytes") as step:

        def one(file: StoredFile, stopped: Callable[[], bool]) -> None:
            digest = hashlib.sha256()
            with (backup / file.stored_name).open("rb", buffering=0) as stream:
                for block in blocks_of(stream):
                    if stopped():
                        raise StoppedError
                    digest.update(block)
                    step.advance(len(block))
            if digest.hexdigest() != file.stored_sha256:
                raise MismatchError(
                    file.stored_name, f"sha256 {file.stored_sha256}", f"sha256 {digest.hexdigest()}"
                )

        in_lanes(ordered, one)


def unpack(
    backup: Path,
    files: Iterable[StoredFile],
    folders: Iterable[str],
    destination: Path,
    io: StorageIo = REAL,
    *,
    identity: Path | None = None,
) -> None:
    """Write the files and the (possibly empty) folders below `destination`.

    `identity`: the age identity file that opens encrypted ones. Raises MismatchError when what
    comes out is not what went in, BackupKeyError, DiskFullError, OSError.
    """
    ordered = sorted(files, key=lambda file: file.length, reverse=True)
    for folder in [".", *folders, *{str(Path(file.path).parent) for file in ordered}]:
        make_folder(destination / folder)
    with progress.step("unpack", total=sum(file.length for file in ordered), unit="bytes") as step:

        def one(file: StoredFile, stopped: Callable[[], bool]) -> None:
            path = destination / file.path
            try:
                with io.create(path) as stream:
                    for block in plain_blocks(backup, file, identity):
                        if stopped():
                            raise StoppedError
                        io.write(stream, block)
                        step.advance(len(block))
            except OSError as error:
                raise disk_full(error, path, file.length) from error

        in_lanes(ordered, one)


def make_folder(folder: Path) -> None:
    """And all above it that are missing, for this user only. Raises DiskFullError."""
    try:
        # Not parents=True: it would give those the default mode.
        for place in reversed([folder, *folder.parents]):
            if not place.is_dir():
                place.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise disk_full(error, folder) from error
