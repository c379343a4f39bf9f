"""What the migrations of a commit are, as one digest: names and bytes, nothing else."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable

from resources.errors import CommitRefusedError
from resources.prisma.folder import MigrationFile
from resources.redact import inert

_DIGEST = re.compile(r"[0-9a-f]{64}")


def content_digest(files: Iterable[MigrationFile]) -> str:
    """64 hexadecimal digits; the same for the same migrations, wherever the folder lies."""
    found = hashlib.sha256()
    for file in sorted(files, key=lambda one: one.name):
        for part in (file.name.encode(), b"-" if file.missing else b"+", file.content):
            found.update(len(part).to_bytes(8, "big") + part)
    return found.hexdigest()


def require_digest(digest: str) -> str:
    if not _DIGEST.fullmatch(digest):
        raise CommitRefusedError(f"{inert(digest)!r} is no digest of migrations", hint="dbsync retry")
    return digest
