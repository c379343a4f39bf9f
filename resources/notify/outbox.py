"""Notices that could not be delivered, kept so that a failing webhook loses nothing."""

from __future__ import annotations

import json
import os
from datetime import UTC, datetime
from pathlib import Path

from resources.durable_file import fsync_folder


def keep(storage: Path, body: bytes, receiver: str, detail: str) -> Path:
    """Append one JSON line to `<storage>/outbox/undelivered.jsonl` and wait for the disk.

    Fields: `at` (UTC), `receiver` (host only: the rest of a webhook's address is a secret),
    `detail` (why), `event`. Raises OSError.
    """
    folder = storage / "outbox"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "undelivered.jsonl"
    at = datetime.now(UTC).isoformat(timespec="milliseconds")
    facts = json.dumps({"at": at, "receiver": receiver, "detail": detail}, ensure_ascii=False)
    line = facts[:-1].encode() + b', "event": ' + body + b"}\n"
    # One write in append mode: lines of two deployments at once do not mix.
    fd = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW, 0o600)
    try:
        written = os.write(fd, line)
        if written < len(line):
            os.write(fd, b"\n")  # the next notice must not continue a cut one
            raise OSError(f"only {written} of {len(line)} bytes fitted: {path}")
        os.fsync(fd)
    finally:
        os.close(fd)
    fsync_folder(folder)
    return path
