"""What one look found."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any


@dataclass
class Sample:
    """`figures` has every name of FIGURES that was looked for; None has its reason in `reasons`."""

    at: float
    """Unix time."""
    figures: dict[str, float | None] = field(default_factory=dict)
    reasons: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)
    """Names that belong to figures: which table, which session, what failed. Inert, without secrets."""
    raw: dict[str, float] = field(default_factory=dict)
    """Counters that only mean something against those of the sample before."""

    def unknown(self, names: Iterable[str], why: str) -> None:
        for name in names:
            self.figures[name] = None
            self.reasons[name] = why

    def as_json(self) -> str:
        return json.dumps(asdict(self), ensure_ascii=False, separators=(",", ":"))


def read_sample(text: str) -> Sample:
    facts: dict[str, Any] = json.loads(text)
    return Sample(**facts)
