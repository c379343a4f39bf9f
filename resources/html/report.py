"""A page kept as a file of its own for each look, among the reports."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from resources.durable_file import write_durably


def write_report(storage: Path, kind: str, render: Callable[[datetime], str]) -> Path:
    """What `render` makes of the time that heads it, in `<storage>/reports/<kind>-<time>-<random>.html`.

    Raises OSError, DiskFullError.
    """
    now = datetime.now(UTC)
    folder = storage / "reports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{kind}-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.html"
    write_durably(path, render(now).encode())
    return path
