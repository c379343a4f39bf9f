"""Files to zstd files and back: streaming, several at a time, every byte digested on the way."""

from __future__ import annotations

import contextvars
import hashlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import BinaryIO, TypeVar

import zstandard

from resources import progress
from resources.backup.manifest import StoredFile
from resources.backup.storage_io import REAL, StorageIo
from resources.backup.uncached import uncached_blocks
from resources.durable_file import disk_full
from resources.errors import BackupFailedError

BLOCK = 1 << 20
LANES = 2
LEVEL = 1
"""Level 1 keeps up with the disk; level 3 takes twice the CPU for 5 % less (measured on InnoDB files)."""
_NICENESS = 10
FILES = "files"
SUFFIX = ".zst"

T = TypeVar("T")


class MismatchError(Exception):
    """A stored file is not what the manifest says; carries what was expected and what is there."""

    def __init__(self, path: str, expected: str, actual: str) -> None:
        super().__init__(f"{path}: expected {expected}, actual {actual}")
        self.path = path
        self.expected = expected
        self.actual = actual


class _StoppedError(Exception):
    """Another lane failed; this one ends without a result."""


class Packer:
    """One stored file being written: compressed, and both digests taken in the same pass."""

    def __init__(
        self, destination: Path, path: str, *, length: int = -1, threads: int = 0, io: StorageIo = REAL
    ) -> None:
        """`length`: bytes to come, where known; another number is then an error."""
        self._io = io
        self._path = path
        self.destination = destination
        # Without write_checksum, 719 of 726 flipped bytes decompressed without an error.
        compressor = zstandard.ZstdCompressor(level=LEVEL, write_checksum=True, threads=threads)
        self._stream = compressor.compressobj(size=length)
        self._plain, self._stored = hashlib.sha256(), hashlib.sha256()
        self._length = self._stored_length = 0
        try:
            self._file: BinaryIO = io.create(destination)
        except OSError as error:
            raise disk_full(error, destination) from error

    def feed(self, block: bytes | memoryview) -> None:
        self._plain.update(block)
        self._length += len(block)
        self._write(self._stream.compress(block))

    def finish(self) -> StoredFile:
        """Everything is written, but not yet on the disk for certain: fsync is the caller's."""
        try:
            rest = self._stream.flush()
        except zstandard.ZstdError as error:
            raise BackupFailedError(
                f"{self._path} changed while it was being stored", why=str(error), hint="dbsync backup"
            ) from error
        self._write(rest)
        self._file.close()
        return StoredFile(
            path=self._path,
            length=self._length,
            sha256=self._plain.hexdigest(),
            stored_length=self._stored_length,
            stored_sha256=self._stored.hexdigest(),
        )

    def close(self) -> None:
        self._file.close()

    def _write(self, data: bytes) -> None:
        if not data:
            return
        self._stored.update(data)
        self._stored_length += len(data)
        try:
            self._io.write(self._file, data)
        except OSError as error:
            raise disk_full(error, self.destination, len(data)) from error


def stored_path(backup: Path, path: str) -> Path:
    return backup / FILES / f"{path}{SUFFIX}"


def pack(
    source: Path,
    names: Sequence[str],
    backup: Path,
    io: StorageIo = REAL,
    *,
    stop: threading.Event | None = None,
) -> list[StoredFile]:
    """Store the files `names` of `source` below `backup`; in the order of their names.

    The largest begin first, or the end would wait for one of them. Nothing is fsynced
    here: see `flush`. Once `stop` is set it ends with what is complete by then.
    Raises DiskFullError, OSError.
    """
    sizes = {name: (source / name).stat().st_size for name in names}
    total = sum(sizes.values())
    for folder in {stored_path(backup, name).parent for name in names}:
        _make_folder(folder)
    with progress.step("compress", total=total, unit="bytes") as step:

        def one(name: str, stopped: Callable[[], bool]) -> StoredFile:
            # A file that is most of the work would leave the other processors idle.
            threads = LANES if sizes[name] > total / LANES else 0
            packer = Packer(stored_path(backup, name), name, length=sizes[name], threads=threads, io=io)
            try:
                for block in uncached_blocks(source / name, BLOCK):
                    if stopped():
                        raise _StoppedError
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
        _check_length(backup, file)
    total = sum(file.stored_length for file in ordered)
    with progress.step("verify stored files", total=total, unit="bytes") as step:

        def one(file: StoredFile, stopped: Callable[[], bool]) -> None:
            digest = hashlib.sha256()
            with stored_path(backup, file.path).open("rb", buffering=0) as stream:
                for block in _blocks(stream):
                    if stopped():
                        raise _StoppedError
                    digest.update(block)
                    step.advance(len(block))
            if digest.hexdigest() != file.stored_sha256:
                raise MismatchError(
                    _name(file), f"sha256 {file.stored_sha256}", f"sha256 {digest.hexdigest()}"
                )

        in_lanes(ordered, one)


def unpack(
    backup: Path, files: Iterable[StoredFile], folders: Iterable[str], destination: Path, io: StorageIo = REAL
) -> None:
    """Write the files and the (possibly empty) folders below `destination`.

    Raises MismatchError when what comes out is not what went in, DiskFullError, OSError.
    """
    ordered = sorted(files, key=lambda file: file.length, reverse=True)
    for folder in [".", *folders, *{str(Path(file.path).parent) for file in ordered}]:
        _make_folder(destination / folder)
    with progress.step("unpack", total=sum(file.length for file in ordered), unit="bytes") as step:

        def one(file: StoredFile, stopped: Callable[[], bool]) -> None:
            path = destination / file.path
            try:
                with io.create(path) as stream:
                    for block in plain_blocks(backup, file):
                        if stopped():
                            raise _StoppedError
                        io.write(stream, block)
                        step.advance(len(block))
            except OSError as error:
                raise disk_full(error, path, file.length) from error

        in_lanes(ordered, one)


def plain_blocks(backup: Path, file: StoredFile) -> Iterator[bytes]:
    """The contents of one stored file, checked at the end: only then is it known to be whole."""
    _check_length(backup, file)
    digest, length = hashlib.sha256(), 0
    with stored_path(backup, file.path).open("rb", buffering=0) as stored:
        reader = zstandard.ZstdDecompressor().stream_reader(stored, read_size=BLOCK)
        try:
            # It ends a truncated frame without an error, hence the length below.
            while block := reader.read(BLOCK):
                digest.update(block)
                length += len(block)
                yield block
        except zstandard.ZstdError as error:
            raise MismatchError(_name(file), f"{file.length:,} bytes", str(error)) from error
    if (length, digest.hexdigest()) != (file.length, file.sha256):
        raise MismatchError(
            _name(file),
            f"{file.length:,} bytes with sha256 {file.sha256} inside",
            f"{length:,} bytes with sha256 {digest.hexdigest()}",
        )


def in_lanes(
    work: Iterable[T],
    one: Callable[[T, Callable[[], bool]], object],
    lanes: int = LANES,
    stop: threading.Event | None = None,
) -> list:
    """`one(item, stopped)` for each item, `lanes` at a time; the first error, or `stop`, stops the others.

    zstd, SHA-256 and file access all release the interpreter lock, so threads do.
    """
    queue, lock, failed = iter(work), threading.Lock(), stop or threading.Event()
    found: list = []

    def lane() -> None:
        _yield_to_servers()
        try:
            while not failed.is_set():
                with lock:
                    item = next(queue, None)
                if item is None:
                    return
                found.append(one(item, failed.is_set))
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(lanes, thread_name_prefix="archive") as pool:
        futures = [pool.submit(contextvars.copy_context().run, lane) for _ in range(lanes)]
        try:
            errors = [error for future in futures if (error := future.exception())]
        except BaseException:
            failed.set()
            raise
    for error in errors:
        if not isinstance(error, _StoppedError):
            raise error
    return found


def _yield_to_servers() -> None:
    """Let a server on this machine go first, ours that is being read or the user's own."""
    if sys.platform == "linux":  # elsewhere niceness belongs to the whole process
        thread = threading.get_native_id()
        now = os.getpriority(os.PRIO_PROCESS, thread)
        os.setpriority(os.PRIO_PROCESS, thread, min(19, now + _NICENESS))


def _check_length(backup: Path, file: StoredFile) -> None:
    path = stored_path(backup, file.path)
    try:
        actual = path.stat().st_size
    except FileNotFoundError:
        raise MismatchError(_name(file), f"{file.stored_length:,} bytes", "no such file") from None
    if actual != file.stored_length:
        expected = f"{file.stored_length:,} bytes with sha256 {file.stored_sha256}"
        raise MismatchError(_name(file), expected, f"{actual:,} bytes with sha256 {_sha256(path)}")


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _name(file: StoredFile) -> str:
    return f"{FILES}/{file.path}{SUFFIX}"


def _make_folder(folder: Path) -> None:
    try:
        # Not parents=True: it would give those the default mode.
        for place in reversed([folder, *folder.parents]):
            if not place.is_dir():
                place.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise disk_full(error, folder) from error


def _blocks(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block
