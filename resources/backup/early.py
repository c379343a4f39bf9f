"""Store large files while the clone is still running: it waits for disks, and the processors idle.

The server that copies says nothing of single files, so which of them are complete is
guessed. What makes it safe is the comparison of stamps afterwards: a file that was
written to since its reading began is stored again.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from resources.backup import archive
from resources.backup.manifest import StoredFile
from resources.backup.private_copy import is_table_file
from resources.backup.storage_io import StorageIo
from resources.errors import BackupFailedError

LARGE = 32 << 20
"""Bytes from which storing a file early is worth that it may have to be done twice."""
_QUIET_NS = 300_000_000
"""Without a write for so long. Far above a file system's time stamps of 4 or 10 ms: a write
within the same tick as the stamp would not change it."""
_LOOK_SECONDS = 0.1
Stamp = tuple[int, int, int]


def stamp_of(path: Path) -> Stamp:
    """Changes whenever the file is written to."""
    found = path.stat()
    return found.st_size, found.st_mtime_ns, found.st_ctime_ns


class EarlyStore:
    """Context of a clone into `datadir`; when the clone fails, what was stored is removed again."""

    def __init__(self, datadir: Path, backup: Path, io: StorageIo) -> None:
        self._datadir, self._backup, self._io = datadir, backup, io
        self._begun: dict[str, Stamp] = {}
        self._stored: dict[str, StoredFile] = {}
        self._lock = threading.Lock()
        self._ended, self._stop = threading.Event(), threading.Event()
        self.go = threading.Event()
        """Whoever stores beside this one waits for it as well."""
        self.go.set()
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="store early")
        self._running: Future[None] | None = None

    def __enter__(self) -> EarlyStore:
        self._running = self._pool.submit(contextvars.copy_context().run, self._watch)
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        self._end()
        if kind is not None:
            self.give_up()

    def give_up(self) -> None:
        """Nothing of what was stored is wanted any more."""
        self._end()
        self._stop.set()
        self._pool.shutdown(wait=True)
        for name in self._begun:
            self._drop(name)

    @contextmanager
    def waiting(self) -> Iterator[None]:
        """Nothing is stored meanwhile: for something short that others wait for, on the same disk."""
        self.go.clear()
        try:
            yield
        finally:
            self.go.set()

    def taken(self, stamps: Mapping[str, Stamp]) -> set[str]:
        """The files that were begun and have not changed since; `stamps` are of the finished clone.

        Another one that is being stored at this moment is given up.
        """
        self._end()
        taken = {name for name, stamp in self._begun.items() if stamps.get(name) == stamp}
        if set(self._begun) - taken - set(self._stored):
            self._stop.set()
        return taken

    def finish(self, taken: set[str]) -> list[StoredFile]:
        """Wait for the last one. Raises DiskFullError, OSError, BackupFailedError."""
        assert self._running
        self._running.result()
        self._pool.shutdown()
        for name in set(self._begun) - taken:
            self._drop(name)
        return [self._stored[name] for name in sorted(taken)]

    def _end(self) -> None:
        with self._lock:  # nothing is begun after this
            self._ended.set()

    def _watch(self) -> None:
        while not self._ended.wait(_LOOK_SECONDS):
            name = self._quiet_one()
            if name is None:
                continue
            with self._lock:
                if self._ended.is_set():
                    return
                self._begun[name] = stamp_of(self._datadir / name)
            self._store(name)

    def _store(self, name: str) -> None:
        try:
            where = self._datadir, [name], self._backup, self._io
            for file in archive.pack(*where, stop=self._stop, go=self.go):
                self._stored[name] = file
        except BackupFailedError:
            if stamp_of(self._datadir / name) == self._begun[name]:
                raise
            self._drop(name)  # the clone went on writing to it

    def _drop(self, name: str) -> None:
        self._stored.pop(name, None)
        archive.discard(self._backup, name)

    def _quiet_one(self) -> str | None:
        now = time.time_ns()
        for path in sorted(self._datadir.glob("*/*.ibd")):
            name = str(path.relative_to(self._datadir))
            if name in self._begun or not is_table_file(name):
                continue
            try:
                size, written, changed = stamp_of(path)
            except FileNotFoundError:
                continue
            if size >= LARGE and now - max(written, changed) > _QUIET_NS:
                return name
        return None
