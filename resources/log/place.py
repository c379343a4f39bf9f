"""Where the log is written, and how."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal


@dataclass(frozen=True)
class LogPlace:
    path: Path
    form: Literal["text", "json"] = "text"
    largest: int = 10_000_000
    """Bytes after which the file is set aside as `.1`, and a new one begun."""
    keep: int = 5
    """Files set aside."""
