"""One line of the catalog: what a list, a rule of retention or a picture needs to know of a backup."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from datetime import datetime
from typing import Any

from resources.backup.manifest import Manifest, Proof
from resources.backup.standing import standing

_TEXTS = ("id", "timestamp", "type", "parent", "schema_version", "engine", "database", "server_uuid")
_NUMBERS = ("size", "files", "plain_size", "tables", "rows")


@dataclass(frozen=True)
class Entry:
    """Sizes in bytes. `file_path` is where the backup lies now and is not stored."""

    id: str
    timestamp: str
    """When it was begun, UTC, ISO 8601."""
    type: str
    parent: str
    size: int
    """Of the stored files."""
    files: int
    """How many are stored."""
    plain_size: int
    """Bytes that unpacking writes."""
    schema_version: str
    engine: str
    database: str
    server_uuid: str
    tables: int
    rows: int
    proof: Proof
    manifest_sha256: str
    """Of the whole manifest file. The entry counts only while the file has this digest."""
    file_path: str = ""
    proofs_folder: str = field(default="", compare=False, repr=False)
    """As of the manifest, and not stored either."""

    @classmethod
    def of(cls, manifest: Manifest, sha256: str) -> Entry:
        return cls(
            id=manifest.id,
            timestamp=manifest.timestamp,
            type=manifest.type,
            parent=manifest.parent,
            size=manifest.size,
            files=len(manifest.files),
            plain_size=manifest.plain_size,
            schema_version=manifest.schema_version,
            engine=manifest.engine,
            database=manifest.database,
            server_uuid=manifest.server_uuid,
            tables=len(manifest.tables),
            rows=sum(digest.rows for digest in manifest.tables.values()),
            proof=manifest.proof,
            manifest_sha256=sha256,
            file_path=manifest.file_path,
            proofs_folder=manifest.proofs_folder,
        )

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], file_path: str) -> Entry:
        """Raises ValueError, KeyError or TypeError for anything but what `as_dict` gave."""
        if not isinstance(data, Mapping) or set(data) != _STORED:
            raise ValueError("an entry has other fields than this dbsync writes")
        if not all(isinstance(data[name], str) for name in _TEXTS):
            raise TypeError("an entry's text is no text")
        if not all(isinstance(data[name], int) for name in _NUMBERS):
            raise TypeError("an entry's number is no number")
        return cls(**{**data, "proof": Proof(**data["proof"])}, file_path=file_path)

    def as_dict(self) -> dict[str, Any]:
        """What is stored: everything but the place."""
        return {name: value for name, value in asdict(self).items() if name in _STORED}

    @property
    def current_proof(self) -> Proof:
        """The one that counts today; every user of an entry asks for this one."""
        return standing(self).proof

    @property
    def made(self) -> datetime:
        return datetime.fromisoformat(self.timestamp)

    @property
    def ratio(self) -> float:
        """Plain bytes per stored byte."""
        return self.plain_size / self.size if self.size else 1.0


_STORED = {one.name for one in fields(Entry)} - {"file_path", "proofs_folder"}
