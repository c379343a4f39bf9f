"""The log read back: its last lines, those of one deployment, and what comes."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from resources.log.file import older
from resources.log.line import read_line
from resources.log.place import LogPlace

POLL_SECONDS = 0.25


def last_lines(place: LogPlace, count: int, deployment: str = "") -> list[str]:
    """The last `count` lines, oldest first, of the deployment whose id begins with `deployment`."""
    found: deque[str] = deque()
    for path in [place.path, *older(place.path, place.keep)]:
        kept = deque((line for line in _lines(path) if _wanted(line, deployment)), maxlen=count - len(found))
        found.extendleft(reversed(kept))
        if len(found) == count:
            break
    return list(found)


def follow(place: LogPlace, deployment: str = "") -> Iterator[str]:
    """Lines as they are written from now on, for ever. A file that is set aside is read to its end first."""
    file = _opened(place.path)
    if file is not None:
        file.seek(0, os.SEEK_END)
    return _following(place, deployment, file)


def _following(place: LogPlace, deployment: str, file: BinaryIO | None) -> Iterator[str]:
    rest = b""
    while True:
        # Asked first: what was written between reading and asking would be lost with the file.
        replaced = _replaced(place.path, file)
        block = file.read() if file is not None else b""
        *lines, rest = (rest + block).split(b"\n")
        for line in (one.decode("utf-8", "replace") for one in lines):
            if _wanted(line, deployment):
                yield line
        if not block and replaced:
            if file is not None:
                file.close()
            file, rest = _opened(place.path), b""
        elif not block:
            time.sleep(POLL_SECONDS)


def _opened(path: Path) -> BinaryIO | None:
    try:
        return path.open("rb")
    except FileNotFoundError:
        return None


def _replaced(path: Path, file: BinaryIO | None) -> bool:
    try:
        now = path.stat()
    except FileNotFoundError:
        return False
    if file is None:
        return True
    known = os.fstat(file.fileno())
    return (now.st_dev, now.st_ino) != (known.st_dev, known.st_ino)


def _lines(path: Path) -> Iterator[str]:
    try:
        with path.open(encoding="utf-8", errors="replace", newline="\n") as file:
            yield from (line.rstrip("\n") for line in file)
    except FileNotFoundError:
        return


def _wanted(line: str, deployment: str) -> bool:
    facts = read_line(line)
    return facts is not None and str(facts.get("deployment") or "").startswith(deployment)
