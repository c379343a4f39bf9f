"""One figure over time as inline SVG: nothing runs, nothing is fetched."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from resources.metrics.figures import Figure

WIDTH, HEIGHT = 320, 90
_TOP, _BOTTOM = 6, 14
_MOST_POINTS = 160
"""Of the line: two pixels each. Of those that fall on one, the highest is drawn: a peak must be seen."""


def plot(figure: Figure, series: Sequence[tuple[float, float | None]]) -> str:
    """`series`: (Unix time, value), oldest first; a gap where the value is None. "" below two."""
    known = [(at, value) for at, value in series if value is not None]
    if len(known) < 2 or known[-1][0] <= known[0][0]:
        return ""
    first, last = series[0][0], series[-1][0]
    values = [value for _, value in known]
    low, high = min(0.0, *values), max(values)
    span = (high - low) or 1.0
    height = HEIGHT - _TOP - _BOTTOM

    def place(at: float, value: float) -> str:
        x = WIDTH * (at - first) / (last - first)
        return f"{x:.1f},{_TOP + height * (1 - (value - low) / span):.1f}"

    paths = "".join(
        f'<polyline points="{" ".join(place(*point) for point in part)}"/>' for part in _parts(series)
    )
    times = [datetime.fromtimestamp(at, UTC).strftime("%m-%d %H:%M") for at in (first, last)]
    return (
        f'<svg viewBox="0 0 {WIDTH} {HEIGHT}" role="img" class="plot">'
        f'<line x1="0" x2="{WIDTH}" y1="{_TOP + height}" y2="{_TOP + height}"/>{paths}'
        f'<text x="0" y="{HEIGHT - 2}">{times[0]}</text>'
        f'<text x="{WIDTH}" y="{HEIGHT - 2}" text-anchor="end">{times[1]}</text></svg>'
        f"<small>{figure.shown(low)} to {figure.shown(high)}</small>"
    )


def _parts(series: Sequence[tuple[float, float | None]]) -> list[list[tuple[float, float]]]:
    """The unbroken stretches, each with at most so many points."""
    first, last = series[0][0], series[-1][0]
    parts: list[list[tuple[float, float]]] = [[]]
    column = -1
    for at, value in series:
        if value is None:
            if parts[-1]:
                parts.append([])
            column = -1
            continue
        here = int(_MOST_POINTS * (at - first) / (last - first))
        if here == column and parts[-1]:
            if value > parts[-1][-1][1]:
                parts[-1][-1] = (at, value)
        else:
            parts[-1].append((at, value))
        column = here
    return [part if len(part) > 1 else part * 2 for part in parts if part]
