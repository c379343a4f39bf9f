"""Which of an event's facts a message tells, and in which order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

_OMITTED = frozenset({"target", "at", "timings", "validation", "health"})
"""Said elsewhere, or too much for a message; NOTIFICATION_WEBHOOK and the release record hold all."""
_MOST_ITEMS = 8


def told_facts(facts: Mapping[str, object], *already: str) -> list[tuple[str, str]]:
    """(name, one line of text) pairs; without what is empty, or was said `already`."""
    told: list[tuple[str, str]] = []
    said = set(already)
    for name, text in _pairs(facts):
        if text and text not in said:
            told.append((name, text))
            said.add(text)
    return told


def _pairs(facts: Mapping[str, object]) -> Iterator[tuple[str, str]]:
    yield from ((name, _text(facts.get(name))) for name in ("deployment", "outcome", "reason"))
    error = _dict(facts.get("error"))
    yield from ((name, _text(error.get(name))) for name in ("what", "where", "why"))
    commit = _dict(facts.get("commit"))
    yield "commit", " ".join(filter(None, (_text(commit.get("id"))[:12], _text(commit.get("subject")))))
    yield "migrations", _text(_dict(facts.get("migration")).get("applied_migrations"))
    yield "backup", _text(_dict(facts.get("backup")).get("id"))
    rollback = _dict(facts.get("rollback"))
    yield from ((name, _text(rollback.get(name))) for name in ("tables", "lost", "aside"))
    timings = _dict(facts.get("timings"))
    seconds = [value for value in timings.values() if isinstance(value, int | float)]
    yield "seconds", f"{sum(seconds):.1f}" if seconds else ""
    shown = {"deployment", "outcome", "reason", "error", "commit", "migration", "backup", "rollback"}
    for name, value in facts.items():
        if name not in shown | _OMITTED:
            yield name, _text(value)


def _dict(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _text(value: object) -> str:
    if value is None or value == [] or value == {}:
        return ""
    if isinstance(value, Mapping):
        return _text([f"{name} {_text(inner)}" for name, inner in value.items()])
    if isinstance(value, list | tuple):
        more = f" … {len(value) - _MOST_ITEMS} more" if len(value) > _MOST_ITEMS else ""
        return ", ".join(_text(one) for one in value[:_MOST_ITEMS]) + more
    return f"{value:g}" if isinstance(value, float) else str(value)
