"""The manifest: everything known about one backup, and a digest of itself."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from functools import cached_property
from pathlib import PurePosixPath
from typing import Any

from resources.backup.info import BackupInfo
from resources.mysql.digest import TableDigest
from resources.mysql.schema import Schema

FILE_NAME = "manifest.json"
FILES = "files"
SUFFIX = ".zst"
FORMAT = 2


class DamagedManifestError(ValueError):
    """The bytes are not a manifest that dbsync wrote; the text says why."""


@dataclass(frozen=True)
class StoredFile:
    """One archived file. Lengths in bytes, digests SHA-256 in hex.

    `path` is where it belongs in the unpacked backup; stored it is `files/<path>.zst`, encrypted
    `files/<path>.zst.age`. The stored length and digest are those of the bytes on the disk.
    """

    path: str
    length: int
    sha256: str
    stored_length: int
    stored_sha256: str
    encryption: str = ""
    """"" or age. In the manifest it is said once, for all files."""

    @property
    def stored_name(self) -> str:
        """The file, relative to the backup's folder."""
        return f"{FILES}/{self.path}{SUFFIX}{'.age' if self.encryption else ''}"

    def as_dict(self) -> dict[str, Any]:
        return {key: value for key, value in asdict(self).items() if key != "encryption"}


@dataclass(frozen=True)
class Proof:
    """That the backup was restored once: when (UTC), where, how long it took, what was found."""

    proven: bool
    at: str
    where: str
    seconds: float
    result: str
    of: str = "clone"
    """What was restored: clone (what the archive was made from), archive (the stored files), or ""."""
    restore_seconds: float = 0.0
    """Until a server answered on it; `seconds` goes on until the last row was read."""

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True)
class BinlogSpan:
    """What an incremental backup holds of the binary log: from its parent's end to its own end.

    Positions are bytes in the named binary log file; GTID sets are empty where the server has
    no GTIDs; times are UTC, ISO 8601, of the first and the last event, "" where there is none.
    """

    start_file: str
    start_position: int
    start_gtids: str
    end_file: str
    end_position: int
    end_gtids: str
    first_event_at: str = ""
    last_event_at: str = ""


@dataclass(frozen=True)
class Manifest:
    """One backup. `file_path` is where it lies now and is not stored: a backup may be moved."""

    id: str
    timestamp: str
    size: int
    schema_version: str
    engine: str
    """clone, mydumper, mysqldump or binlog."""
    engine_reason: str
    database: str
    server_uuid: str
    server_version: str
    server_variables: Mapping[str, str]
    """What a server needs to be told so that it reads and runs the copy as the original did."""
    gtid_executed: str
    binlog_file: str
    """Empty when the server writes no binary log, or did not let its position be read."""
    binlog_position: int
    files: tuple[StoredFile, ...]
    folders: tuple[str, ...]
    tables: Mapping[str, TableDigest]
    schema_digest: str
    schema: Schema = field(repr=False)
    proof: Proof
    database_charset: tuple[str, str] = ("utf8mb4", "utf8mb4_0900_ai_ci")
    """Default character set and collation of the database."""
    type: str = "full"
    """full or incremental."""
    parent: str = ""
    """Of an incremental backup: the id of the one that it continues."""
    span: BinlogSpan | None = None
    """Of an incremental backup."""
    encryption: str = ""
    """"" or age."""
    notes: tuple[str, ...] = ()
    """What a reader of this backup should know, e.g. which tables were written during the dump."""
    timings: Mapping[str, float] = field(default_factory=dict)
    """Seconds per phase."""
    file_path: str = ""
    proofs_folder: str = field(default="", compare=False, repr=False)
    """Where its later proofs lie, if that is not `file_path`: of one in a bucket, a cache. Not stored."""

    @property
    def info(self) -> BackupInfo:
        return BackupInfo(self.id, self.timestamp, self.type, self.size, self.schema_version, self.file_path)

    @cached_property
    def plain_size(self) -> int:
        """Bytes that unpacking writes."""
        return sum(file.length for file in self.files)

    def as_dict(self) -> dict[str, Any]:
        """JSON-ready, `file_path` included."""
        return self._stored() | {"file_path": self.file_path}

    def encode(self) -> bytes:
        """The manifest file: `{"format", "sha256", "manifest"}`, the digest being that of the last."""
        return _wrap(self._stored())

    def _stored(self) -> dict[str, Any]:
        plain = {
            key: value
            for key, value in vars(self).items()
            if key in self.__dataclass_fields__ and key not in ("file_path", "proofs_folder")
        }
        return plain | {
            "server_variables": dict(self.server_variables),
            "files": [file.as_dict() for file in self.files],
            "folders": list(self.folders),
            "tables": {name: digest.as_dict() for name, digest in self.tables.items()},
            "schema": self.schema.as_dict(),
            "proof": self.proof.as_dict(),
            "span": asdict(self.span) if self.span else None,
            "database_charset": list(self.database_charset),
            "notes": list(self.notes),
            "timings": dict(self.timings),
        }


def decode(data: bytes, file_path: str) -> Manifest:
    """The manifest in `data`. Raises DamagedManifestError for anything but what `encode` wrote.

    Every byte is covered: the file must be exactly what its own contents encode to.
    """
    try:
        stored = json.loads(data.decode())
        body = stored["manifest"]
        if stored["format"] != FORMAT:
            raise DamagedManifestError(f"format {stored['format']!r} is not known to this dbsync")
        again = _wrap(body)
        if again != data:
            actual = hashlib.sha256(_canonical(body)).hexdigest()
            raise DamagedManifestError(f"expected sha256 {stored['sha256']}, actual {actual}")
        return _typed(body, file_path)
    except DamagedManifestError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        actual = hashlib.sha256(data).hexdigest()
        raise DamagedManifestError(
            f"{len(data):,} bytes, actual sha256 {actual}, are no manifest: {type(error).__name__}: {error}"
        ) from error


def _typed(body: dict[str, Any], file_path: str) -> Manifest:
    fields = dict(body)
    fields["files"] = tuple(StoredFile(**file, encryption=body["encryption"]) for file in body["files"])
    fields["folders"] = tuple(body["folders"])
    fields["tables"] = {name: TableDigest.from_dict(digest) for name, digest in body["tables"].items()}
    fields["schema"] = Schema.from_dict(body["schema"])
    fields["proof"] = Proof(**body["proof"])
    fields["span"] = BinlogSpan(**body["span"]) if body["span"] else None
    charset, collation = body["database_charset"]
    fields["database_charset"] = (charset, collation)
    fields["notes"] = tuple(body["notes"])
    manifest = Manifest(**fields, file_path=file_path)
    for path in [*(file.path for file in manifest.files), *manifest.folders]:
        check_path(path)
    return manifest


def check_path(path: str) -> None:
    """Raises DamagedManifestError for a path that would lead out of the backup."""
    parts = PurePosixPath(path).parts
    if not parts or path.startswith("/") or ".." in parts or "\0" in path:
        raise DamagedManifestError(f"path {path!r} leads out of the backup")


def _canonical(body: Mapping[str, Any]) -> bytes:
    # surrogateescape-d bytes of odd file names survive only as ASCII escapes.
    return json.dumps(body, indent=1, sort_keys=True).encode("ascii")


def _wrap(body: Mapping[str, Any]) -> bytes:
    text = _canonical(body)
    digest = hashlib.sha256(text).hexdigest().encode()
    return b'{\n"format": %d,\n"sha256": "%s",\n"manifest": %s\n}\n' % (FORMAT, digest, text)
