"""A page kept as a file of its own for each look, among the reports."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from resources.durable_file import write_durably

KEPT = 500
"""The newest of each kind that stay: a release a day for a year, an hourly check for three weeks."""


def write_report(storage: Path, kind: str, render: Callable[[datetime], str]) -> Path:
    """What `render` makes of the time that heads it, in `<storage>/reports/<kind>-<time>-<random>.html`.

    The oldest beyond KEPT of that kind go. Raises OSError, DiskFullError.
    """
    now = datetime.now(UTC)
    folder = storage / "reports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"{kind}-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.html"
    write_durably(path, render(now).encode())
    for old in sorted(folder.glob(f"{kind}-*.html"))[:-KEPT]:  # by time, as named
        old.unlink(missing_ok=True)
    return path
