"""What dbsync needs of a store of objects: six verbs. S3 is the one there is."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Protocol

from resources.backup.remote.location import RemoteLocation


@dataclass(frozen=True)
class RemoteObject:
    """One stored object."""

    key: str
    length: int
    """Bytes."""
    etag: str
    """The service's own digest of what it holds; Alibaba OSS writes it in capitals."""
    modified: datetime

    def has_etag(self, expected: str) -> bool:
        return self.etag.lower() == expected


class RemoteStore(Protocol):
    """Every method raises RemoteStorageError when the service cannot be used."""

    location: RemoteLocation

    def head(self, key: str) -> RemoteObject | None: ...

    def list(self, prefix: str) -> Iterator[RemoteObject]: ...

    def folders(self, prefix: str) -> list[str]:
        """Names directly below `prefix`, which ends in a slash or is empty."""
        ...

    def get(self, key: str, offset: int = 0, etag: str = "") -> Iterator[bytes]:
        """From `offset` to the end, over lost connections too; `etag`: only of that version."""
        ...

    def put(self, key: str, source: Path, advance: Callable[[int], None]) -> str:
        """Store a file, going on where a killed attempt ended. Returns the ETag to expect: see etag.py."""
        ...

    def delete(self, key: str) -> None: ...

    def abandon(self, prefix: str) -> None:
        """Drop the parts of uploads below `prefix` that were never finished."""
        ...


def open_store(location: RemoteLocation) -> RemoteStore:
    """Connects to nothing yet."""
    from resources.backup.remote.s3 import S3Store

    return S3Store(location)
