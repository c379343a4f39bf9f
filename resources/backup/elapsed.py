"""A span of time as a person says it."""

from __future__ import annotations


def elapsed(seconds: float | None) -> str:
    """In its two largest units; empty for None."""
    if seconds is None:
        return ""
    if seconds < 0:
        return f"{elapsed(-seconds)} ahead of the clock"
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds:.0f} s"
