"""One stored file being written: compressed, encrypted where that is asked for, digested on the way."""

from __future__ import annotations

import hashlib
from contextlib import suppress
from pathlib import Path

import zstandard

from resources.backup.age import SUFFIX as AGE_SUFFIX
from resources.backup.age import Encryptor
from resources.backup.manifest import FILES, SUFFIX, StoredFile
from resources.backup.storage_io import REAL, StorageIo
from resources.durable_file import disk_full
from resources.errors import BackupFailedError

LEVEL = 1
"""Level 1 keeps up with the disk; level 3 takes twice the CPU for 5 % less (measured on InnoDB files)."""
_NEAR = {"window_log": 17, "hash_log": 13}
"""What repeats in an InnoDB file does so within a page or its neighbours, and tables that stay in the
processor's first cache take 7 % less CPU than the level's own, for 0.3 % more bytes (as above)."""


def stored_path(backup: Path, path: str) -> Path:
    """Where `path` is stored when it is not encrypted; `StoredFile.stored_name` knows for certain."""
    return backup / FILES / f"{path}{SUFFIX}"


def discard(backup: Path, path: str) -> None:
    """Remove what is stored of `path`, if anything."""
    plain = stored_path(backup, path)
    for stored in (plain, plain.with_name(plain.name + AGE_SUFFIX)):
        stored.unlink(missing_ok=True)


class Packer:
    """`feed` blocks, then `finish`; `close` in any case. Digests of both sides are taken in the same pass."""

    def __init__(
        self, destination: Path, path: str, *, length: int = -1, threads: int = 0, io: StorageIo = REAL
    ) -> None:
        """`destination`: of `stored_path`; encrypted it becomes `<destination>.age`.

        `length`: bytes to come, where known; another number is then an error. Raises DiskFullError.
        """
        self._io = io
        self._path = path
        suffix = AGE_SUFFIX if io.recipients else ""
        self.destination = destination.with_name(destination.name + suffix)
        # Without write_checksum, 719 of 726 flipped bytes decompressed without an error.
        parameters = zstandard.ZstdCompressionParameters.from_level(
            LEVEL, **_NEAR, write_checksum=True, threads=threads
        )
        self._stream = zstandard.ZstdCompressor(compression_params=parameters).compressobj(size=length)
        self._plain, self._stored = hashlib.sha256(), hashlib.sha256()
        self._length = self._stored_length = 0
        try:
            self._file = io.create(self.destination)
        except OSError as error:
            raise disk_full(error, self.destination) from error
        self._encryptor = Encryptor(io.recipients, self._write) if io.recipients else None

    def feed(self, block: bytes | memoryview) -> None:
        self._plain.update(block)
        self._length += len(block)
        self._pass_on(self._stream.compress(block))

    def finish(self) -> StoredFile:
        """Everything is written, but not yet on the disk for certain: fsync is the caller's."""
        try:
            rest = self._stream.flush()
        except zstandard.ZstdError as error:
            raise BackupFailedError(
                f"{self._path} changed while it was being stored", why=str(error), hint="dbsync backup"
            ) from error
        self._pass_on(rest)
        if self._encryptor:
            self._encryptor.finish()
        try:
            self._file.close()
        except OSError as error:
            raise disk_full(error, self.destination, self._stored_length) from error
        return StoredFile(
            path=self._path,
            length=self._length,
            sha256=self._plain.hexdigest(),
            stored_length=self._stored_length,
            stored_sha256=self._stored.hexdigest(),
            encryption="age" if self._encryptor else "",
        )

    def close(self) -> None:
        if self._encryptor:
            self._encryptor.abort()
        with suppress(OSError):  # of a file that nobody wants any more; why, is being told
            self._file.close()

    def _pass_on(self, data: bytes) -> None:
        if not data:
            return
        if self._encryptor:
            self._encryptor.write(data)
        else:
            self._write(data)

    def _write(self, data: bytes) -> None:
        self._stored.update(data)
        self._stored_length += len(data)
        try:
            self._io.write(self._file, data)
        except OSError as error:
            raise disk_full(error, self.destination, len(data)) from error
