"""Encryption at rest in the age format, streaming: what is written here, the `age` tool opens.

pyrage pulls from one file-like object and pushes into another, and keeps the interpreter
lock between the two; so each stream has a thread of its own, and bounded queues hold its
memory to a few blocks. Its one call never returns early: a truncated file is an error.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import BinaryIO

from resources.backup.age_keys import library, parse_recipients, read_identities, wrong_key

SUFFIX = ".age"
_BLOCK = 256 << 10
_AHEAD = 4
"""Blocks that one side may be ahead of the other."""
_NO_KEY = "No matching keys found"


class UnreadableError(Exception):
    """The stored bytes are no whole age file: damaged, truncated, or something else."""


class _GivenUpError(Exception):
    """The other side of the stream needs no more."""


class Encryptor:
    """Push: plain bytes in by `write`, an age file out through `sink`.

    What `sink` raises comes out of the next `write` or of `finish`.
    """

    def __init__(self, recipients: Sequence[str], sink: Callable[[bytes], object]) -> None:
        """Raises SettingsError for what is no recipient."""
        self._sink = sink
        self._queue: queue.Queue[bytes | None] = queue.Queue(_AHEAD)
        self._given_up = False
        self._error: BaseException | None = None
        keys = parse_recipients(recipients)
        self._thread = threading.Thread(target=self._run, args=(keys,), name="age", daemon=True)
        self._thread.start()

    def write(self, data: bytes) -> None:
        if self._error:
            raise self._error
        self._queue.put(data)

    def finish(self) -> None:
        """Everything has gone through `sink` when this returns."""
        self._end()
        if self._error:
            raise self._error

    def abort(self) -> None:
        """End without a result; after `finish` this does nothing."""
        if self._thread.is_alive():
            self._given_up = True
            self._end()

    def _end(self) -> None:
        if self._thread.is_alive():
            self._queue.put(None)
            self._thread.join()

    def _run(self, keys: list) -> None:
        source = _Source(self._queue, lambda: self._given_up)
        sink = _Sink(self._sink)
        try:
            library().encrypt_io(source, sink, keys)
            sink.flush()
        except BaseException as error:  # noqa: BLE001 - it is raised where the caller is
            self._error = sink.error or error
        while not source.ended:  # or a writer that does not know yet would wait for ever
            source.ended = self._queue.get() is None


class _Source:
    """What pyrage reads from: 8 kB at a time, whatever it is given."""

    def __init__(self, blocks: queue.Queue[bytes | None], given_up: Callable[[], bool]) -> None:
        self._blocks = blocks
        self._given_up = given_up
        self._block, self._at = b"", 0
        self.ended = False

    def read(self, size: int = -1) -> bytes:
        while self._at >= len(self._block):
            if self.ended:
                return b""
            block = self._blocks.get()
            if block is None:
                self.ended = True
                if self._given_up():
                    raise _GivenUpError
                return b""
            self._block, self._at = block, 0
        begin, self._at = self._at, self._at + size
        return self._block[begin : self._at]


class _Sink:
    """What pyrage writes to: small pieces are gathered; the caller's own exception is kept."""

    def __init__(self, take: Callable[[bytes], object]) -> None:
        self._take = take
        self._gathered = bytearray()
        self.error: BaseException | None = None

    def write(self, data: bytes) -> int:
        self._gathered += data
        if len(self._gathered) >= _BLOCK:
            self.flush()
        return len(data)

    def flush(self) -> None:
        if self._gathered:
            data, self._gathered = bytes(self._gathered), bytearray()
            try:
                self._take(data)
            except BaseException as error:
                self.error = error  # pyrage makes a text of it
                raise


class Decryptor:
    """Pull: an age file in, its plain bytes out by `read`. A context; leaving it ends the thread."""

    def __init__(self, stored: BinaryIO, identity: Path | None, name: str) -> None:
        """`name`: for messages. Raises BackupKeyError when there is no usable identity file."""
        self._name = name
        self._identity = identity
        self._queue: queue.Queue[bytes | None] = queue.Queue(_AHEAD)
        self._block, self._at = b"", 0
        self._ended = False
        self._given_up = threading.Event()
        self._error: BaseException | None = None
        keys = read_identities(identity, name)
        self._thread = threading.Thread(target=self._run, args=(stored, keys), name="age", daemon=True)

    def read(self, size: int) -> bytes:
        """Up to `size` bytes; b"" at the end of a whole file only. Raises UnreadableError, BackupKeyError."""
        if self._at >= len(self._block):
            if self._ended:
                return b""
            block = self._queue.get()
            if block is None:
                self._ended = True
                self._raise()
                return b""
            self._block, self._at = block, 0
        begin, self._at = self._at, self._at + size
        return self._block[begin : self._at]

    def __enter__(self) -> Decryptor:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._given_up.set()
        while not self._ended:
            self._ended = self._queue.get() is None
        self._thread.join()

    def _raise(self) -> None:
        if self._error is None:
            return
        if _NO_KEY in str(self._error):
            raise wrong_key(self._identity, self._name) from self._error
        raise UnreadableError(f"not a whole age file: {self._error}") from self._error

    def _run(self, stored: BinaryIO, keys: list) -> None:
        def take(block: bytes) -> None:
            if self._given_up.is_set():
                raise _GivenUpError
            self._queue.put(block)

        sink = _Sink(take)
        try:
            library().decrypt_io(stored, sink, keys)
            sink.flush()
        except BaseException as error:  # noqa: BLE001 - it is raised where the caller is
            self._error = error
        self._queue.put(None)
