"""Values fit to leave dbsync: no secret, nothing active, of bounded size."""

from __future__ import annotations

from math import isfinite

from resources.notify.event import Event
from resources.redact import inert, redact_value

LONGEST_TEXT = 4_000
"""Characters of one string; a server's message about a long statement can be megabytes."""
MOST_ITEMS = 200
"""Items of one list."""
DEEPEST = 12
"""Levels; what is deeper is named, not shown."""


def bounded(value: object) -> object:
    """`value` as JSON holds it, redacted; control and direction characters appear as escapes."""
    return _bounded(redact_value(value), DEEPEST)


def bounded_event(event: Event) -> Event:
    """The same event with every text of it fit to leave."""
    facts = bounded(dict(event.facts))
    texts = (str(bounded(text)) for text in (event.about, event.state, event.next_command))
    about, state, command = texts
    return Event(event.kind, about, state, facts if isinstance(facts, dict) else {}, command)


def _bounded(value: object, levels: int) -> object:
    if isinstance(value, float) and not isfinite(value):
        return str(value)  # NaN and Infinity are no JSON
    if isinstance(value, bool | int | float) or value is None:
        return value
    if isinstance(value, (dict, list, tuple)) and not levels:
        return f"… {len(value)} more, too deep to be shown"
    if isinstance(value, dict):
        return {_text(str(name)): _bounded(inner, levels - 1) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        shown = [_bounded(inner, levels - 1) for inner in value[:MOST_ITEMS]]
        return [*shown, f"… {len(value) - MOST_ITEMS} more"] if len(value) > MOST_ITEMS else shown
    # A path, a date, an exception: its text, which redact_value has not seen.
    return _text(value if isinstance(value, str) else str(redact_value(str(value))))


def _text(text: str) -> str:
    cut = (
        text
        if len(text) <= LONGEST_TEXT
        else f"{text[:LONGEST_TEXT]}… {len(text) - LONGEST_TEXT} more characters"
    )
    # A lone surrogate (from a file name that is no UTF-8) has no place in JSON.
    return inert(cut).encode("utf-8", "backslashreplace").decode()
