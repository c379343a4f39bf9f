"""A commit's files, written into a folder byte for byte: no checkout, no filter, no hook."""

from __future__ import annotations

import os
import posixpath
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO

from resources import progress
from resources.durable_file import disk_full
from resources.errors import GitError
from resources.git.run import reading
from resources.git.tree import Entry
from resources.redact import inert

_CHUNK = 2**20
_MAX_LINK = 4096
Blobs = Iterator[tuple[Entry, Iterator[bytes]]]


def write(repository: Path, entries: Sequence[Entry], into: Path, *, links: bool) -> None:
    """Write `entries` into the new folder `into`; it appears only when it is whole.

    Raises GitError (`into` exists, a link that leads out, damage), DiskFullError.
    """
    if into.exists():
        raise GitError("the folder to write a commit into is there already", where=str(into))
    into.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    half = Path(tempfile.mkdtemp(prefix=f".{into.name}.", suffix=".partial", dir=into.parent))
    try:
        _submodules(entries, half)
        for entry, content in blobs(repository, [entry for entry in entries if not entry.is_submodule]):
            place = half / entry.path
            place.parent.mkdir(parents=True, exist_ok=True)
            if entry.is_link:
                if not links:
                    raise _refused(entry, "it is a symbolic link")
                _link(entry, b"".join(content), place)
                continue
            # O_EXCL and O_NOFOLLOW: a name that is there already, or a link, is never written through.
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
            with os.fdopen(os.open(place, flags, 0o755 if entry.is_executable else 0o644), "wb") as file:
                for chunk in content:
                    file.write(chunk)
        half.rename(into)
    except OSError as error:
        raise disk_full(error, into) from error
    finally:
        shutil.rmtree(half, ignore_errors=True)


def blobs(repository: Path, entries: Sequence[Entry]) -> Blobs:
    """Each entry with its content in chunks, which are to be read in this order. Raises GitError."""
    if not entries:
        return
    with tempfile.TemporaryFile() as asked:
        asked.write("".join(f"{entry.id}\n" for entry in entries).encode())
        asked.seek(0)
        with reading(repository, ("cat-file", "--batch"), asked) as running:
            try:
                assert running.stdout
                for entry in entries:
                    yield entry, _content(running.stdout, entry)
            finally:
                running.kill()


def _content(stream: IO[bytes], entry: Entry) -> Iterator[bytes]:
    header = stream.readline(200).split()
    if len(header) != 3 or header[0].decode() != entry.id or header[1] != b"blob":
        raise _refused(entry, "its content is not in the repository")
    left = int(header[2])
    while left:
        chunk = stream.read(min(left, _CHUNK))
        if not chunk:
            raise _refused(entry, "git ended in the middle of it")
        left -= len(chunk)
        yield chunk
    stream.read(1)  # the newline behind it


def _link(entry: Entry, content: bytes, place: Path) -> None:
    to = os.fsdecode(content)
    inside = posixpath.normpath(posixpath.join(posixpath.dirname(entry.path), to))
    if len(content) > _MAX_LINK or to.startswith("/") or "\0" in to or inside.split("/")[0] == "..":
        raise _refused(entry, "it is a symbolic link that leads out of the repository")
    place.symlink_to(to)


def _submodules(entries: Sequence[Entry], half: Path) -> None:
    found = [entry for entry in entries if entry.is_submodule]
    for entry in found:
        (half / entry.path).mkdir(parents=True, exist_ok=True)
    if found:
        progress.say(f"submodules are left empty: {inert(', '.join(entry.path for entry in found[:5]))}")


def _refused(entry: Entry, why: str) -> GitError:
    return GitError(
        "a file of the commit cannot be used",
        where=inert(os.fsencode(entry.path).decode("utf-8", "backslashreplace")),
        why=why,
    )
