"""What a trial found, kept until what was tried is another."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from resources.durable_file import write_durably


def kept_verdict(path: Path, key: list[object], find: Callable[[], str]) -> str:
    """The verdict in `path` if it was found of the same `key`, else what `find` finds, kept there.

    Raises what `find` raises, and DiskFullError.
    """
    key = json.loads(json.dumps(key))
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        if known["key"] == key:
            return str(known["why_not"])
    except (OSError, ValueError, KeyError, TypeError):
        pass
    found = find()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    write_durably(path, json.dumps({"key": key, "why_not": found}).encode())
    return found
