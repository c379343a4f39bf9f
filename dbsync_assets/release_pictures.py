"""What a person would rather look at of releases: where the time of one went, and how the database grows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from dbsync_assets.picture import LONGEST, WIDTH, bars, drawing, embedded, number, strokes, text
from resources.deployment.record import Size

Spans = Mapping[str, Sequence[tuple[float, float]]]
"""Phase → when it was worked on, from when to when, in seconds of one clock."""
LAST = 16
"""Releases in the picture of the growth."""
_ROW, _LEFT = 16, 120
_PHASE, _UNDO, _SIZE = "steelblue", "orange", "seagreen"


def timeline(spans: Spans) -> str:
    """Markdown with a bar for each phase, in the order in which they began; "" where there is none.

    The shortest are left out where not all fit; each is a number of the asset besides.
    """
    shown = sorted(spans, key=lambda phase: spans[phase][0][0])
    while shown:
        drawn = embedded("where the time went", _timeline(spans, shown))
        if len(drawn) <= LONGEST:
            return drawn
        shown.remove(min(shown, key=lambda phase: _seconds(spans[phase])))
    return ""


def growth(sizes: Sequence[Size]) -> str:
    """Markdown with a bar for the database after each release, oldest first; "" below two releases."""
    shown = list(sizes[-LAST:])
    if len(shown) < 2:
        return ""
    values = [one.database_bytes / 1e6 for one in shown]
    drawn = drawing(
        90,
        text(14, f"database MB after a release, {number(values[0])} to {number(values[-1])}"),
        bars(72, values, [_SIZE] * len(values)),
        text(86, f"{shown[0].at:%Y-%m-%d %H:%M} to {shown[-1].at:%Y-%m-%d %H:%M} UTC"),
    )
    return embedded("the database's growth", drawn)


def _seconds(parts: Sequence[tuple[float, float]]) -> float:
    return sum(end - begun for begun, end in parts)


def _timeline(spans: Spans, shown: Sequence[str]) -> str:
    first = min(begun for parts in spans.values() for begun, _ in parts)
    last = max(end for parts in spans.values() for _, end in parts)
    scale = (WIDTH - _LEFT - 4) / ((last - first) or 1.0)
    paths: dict[str, str] = {}
    words = []
    for row, phase in enumerate(shown):
        y = 14 + _ROW * row
        words.append(text(y, f"{phase} {_seconds(spans[phase]):.2f} s"))
        for begun, end in spans[phase]:
            colour = _UNDO if phase == "rollback" else _PHASE
            long = max(1, round((end - begun) * scale))
            at = _LEFT + round((begun - first) * scale)
            paths[colour] = paths.get(colour, "") + f"M{at},{y - 4}h{long}"
    y = 14 + _ROW * len(shown)
    return drawing(y + 6, *words, strokes(paths, _ROW - 6), text(y, f"{last - first:.2f} s in all"))
