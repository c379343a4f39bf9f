"""The log's file: appended to by several processes at once, rotated by size, never a reason to fail."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import pairwise
from pathlib import Path

from resources import progress
from resources.file_lock import locked_file
from resources.log.line import Line
from resources.log.place import LogPlace


class LogFile:
    """A sink for lines. What cannot be written is said once, and counted until there is room again."""

    def __init__(self, place: LogPlace) -> None:
        self.place = place
        self._lost = 0

    def write(self, line: Line) -> None:
        text = line.as_json() if self.place.form == "json" else line.as_text()
        try:
            self._append(f"{text}\n".encode())
        except OSError as error:
            self._lost += 1
            if self._lost == 1:
                # Comes back here as a line of its own, and is only counted then.
                progress.say(f"the log cannot be written, and what is done goes on without: {error}")
            return
        if self._lost:
            lost, self._lost = self._lost, 0
            progress.say(f"{lost} lines of the log before this one could not be written")

    def _append(self, data: bytes) -> None:
        path = self.place.path
        # Opened for each line: another process may have set the file aside meanwhile.
        try:
            fd = _open(path)
        except FileNotFoundError:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            fd = _open(path)
        try:
            # One write in append mode: lines of several processes do not mix.
            written = os.write(fd, data)
            if written < len(data):
                with suppress(OSError):
                    os.write(fd, b"\n")  # the next line must not continue a cut one
                raise OSError(f"only {written} of {len(data)} bytes fitted: {path}")
            full = os.fstat(fd).st_size >= self.place.largest
        finally:
            os.close(fd)
        if full:
            self._set_aside()

    def _set_aside(self) -> None:
        path = self.place.path
        with locked_file(path.with_name(f"{path.name}.lock")):
            # Who waited here finds that another process has done it.
            if path.exists() and path.stat().st_size >= self.place.largest:
                aside = [path, *older(path, self.place.keep)]
                for newer, old in reversed(list(pairwise(aside))):
                    if newer.exists():
                        newer.replace(old)


def older(path: Path, keep: int) -> list[Path]:
    """The files set aside, newest first, whether or not they exist."""
    return [path.with_name(f"{path.name}.{number}") for number in range(1, keep + 1)]


def _open(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
