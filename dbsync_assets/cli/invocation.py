"""How this command was called: what its verbs cannot see in their options."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Invocation:
    arguments: tuple[str, ...]
    is_worker: bool = False
    """The process that does the work, which another one follows."""
