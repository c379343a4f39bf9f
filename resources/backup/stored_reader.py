"""One stored file being read: its bytes as they went in, and every way in which they could differ."""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, BinaryIO

import zstandard

from resources.backup.age import Decryptor, UnreadableError
from resources.backup.manifest import StoredFile

BLOCK = 1 << 20


class MismatchError(Exception):
    """A stored file is not what the manifest says; carries what was expected and what is there."""

    def __init__(self, path: str, expected: str, actual: str) -> None:
        super().__init__(f"{path}: expected {expected}, actual {actual}")
        self.path = path
        self.expected = expected
        self.actual = actual


def plain_blocks(backup: Path, file: StoredFile, identity: Path | None = None) -> Generator[memoryview]:
    """The contents of one stored file, checked at the end: only then is it known to be whole.

    Each block is valid until the next one.

    `identity`: the age identity file that opens an encrypted one. Raises MismatchError,
    BackupKeyError.
    """
    check_length(backup, file)
    digest, length = hashlib.sha256(), 0
    buffer = memoryview(bytearray(BLOCK))  # one for all: new memory for each costs as much as the digest
    with ExitStack() as stack:
        stored: Any = stack.enter_context((backup / file.stored_name).open("rb", buffering=0))
        if file.encryption:
            stored = stack.enter_context(Decryptor(stored, identity, file.stored_name))
        reader = zstandard.ZstdDecompressor().stream_reader(stored, read_size=BLOCK)
        try:
            # It ends a truncated frame without an error, hence the length below.
            while size := reader.readinto(buffer):
                block = buffer[:size]
                digest.update(block)
                length += size
                yield block
            while stored.read(BLOCK):
                pass  # only its last block says that an encrypted file is whole
        except (zstandard.ZstdError, UnreadableError) as error:
            raise MismatchError(file.stored_name, f"{file.length:,} bytes", str(error)) from error
    if (length, digest.hexdigest()) != (file.length, file.sha256):
        raise MismatchError(
            file.stored_name,
            f"{file.length:,} bytes with sha256 {file.sha256} inside",
            f"{length:,} bytes with sha256 {digest.hexdigest()}",
        )


def check_length(backup: Path, file: StoredFile) -> None:
    """Raises MismatchError."""
    path = backup / file.stored_name
    try:
        actual = path.stat().st_size
    except FileNotFoundError:
        raise MismatchError(file.stored_name, f"{file.stored_length:,} bytes", "no such file") from None
    if actual != file.stored_length:
        expected = f"{file.stored_length:,} bytes with sha256 {file.stored_sha256}"
        raise MismatchError(file.stored_name, expected, f"{actual:,} bytes with sha256 {sha256_of(path)}")


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def blocks_of(stream: BinaryIO) -> Iterator[bytes]:
    while block := stream.read(BLOCK):
        yield block
