"""The index as a file: `<storage>/catalog.json`, which says of itself whether it is whole."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable
from pathlib import Path

from resources.backup.entry import Entry
from resources.durable_file import write_durably

INDEX = "catalog.json"
FORMAT = 1
_LONGEST = 256 << 20
_HEAD = re.compile(rb'\{\n"format": ([0-9]{1,9}),\n"sha256": "([0-9a-f]{64})",\n"backups": ')
_TAIL = b"\n}\n"


class DamagedIndexError(ValueError):
    """The bytes are not an index that dbsync wrote; the text says why."""


def write_index(storage: Path, entries: Iterable[Entry]) -> None:
    """Replace the index durably. Raises DiskFullError, OSError."""
    write_durably(storage / INDEX, encode(entries))


def read_index(storage: Path) -> dict[str, Entry]:
    """Entries by id. Raises FileNotFoundError, DamagedIndexError."""
    path = storage / INDEX
    try:
        if path.is_symlink() or path.stat().st_size > _LONGEST:
            raise DamagedIndexError("it is a link, or too large to be an index")
        data = path.read_bytes()
    except FileNotFoundError:
        raise
    except OSError as error:
        raise DamagedIndexError(f"it cannot be read: {error.strerror}") from error
    return {entry.id: entry for entry in decode(data, storage)}


def encode(entries: Iterable[Entry]) -> bytes:
    """JSON with a line for each backup; the digest is that of the list."""
    body = _body(entries)
    digest = hashlib.sha256(body).hexdigest().encode()
    return b'{\n"format": %d,\n"sha256": "%s",\n"backups": %s%s' % (FORMAT, digest, body, _TAIL)


def decode(data: bytes, storage: Path) -> list[Entry]:
    """Every byte is covered: by the digest, or by the form of what is around it."""
    head = _HEAD.match(data)
    if head is None or not data.endswith(_TAIL):
        actual = hashlib.sha256(data).hexdigest()
        raise DamagedIndexError(f"{len(data):,} bytes, actual sha256 {actual}, are no index")
    if head[1] != str(FORMAT).encode():
        raise DamagedIndexError(f"format {head[1].decode()} is not known to this dbsync")
    body = data[head.end() : -len(_TAIL)]
    expected, actual = head[2].decode(), hashlib.sha256(body).hexdigest()
    if actual != expected:
        raise DamagedIndexError(f"expected sha256 {expected}, actual {actual}")
    try:
        return [Entry.from_dict(one, str(storage / one["id"])) for one in json.loads(body)]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedIndexError(f"it holds no list of backups: {type(error).__name__}: {error}") from error


def _body(entries: Iterable[Entry]) -> bytes:
    lines = (json.dumps(entry.as_dict(), sort_keys=True) for entry in entries)
    return ("[\n" + ",\n".join(lines) + "\n]").encode("ascii")
