"""Settings and options that are lists, written with commas."""

from __future__ import annotations


def listed(text: str) -> tuple[str, ...]:
    """`a, b,` → ("a", "b"): blanks around a name and empty names do not count."""
    return tuple(filter(None, (one.strip() for one in text.split(","))))
