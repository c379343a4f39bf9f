"""Small pictures inside Dagster's metadata: SVG, written into the markdown itself.

Dagster shows markdown of fewer than 1,000 characters in the page and folds the rest away, so
a picture is written in fewer.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from urllib.parse import quote

LONGEST = 999
WIDTH = 360
"""What the page of an asset has room for in a window of 1280."""
TALLEST = 50
"""Pixels of the tallest bar."""


def embedded(title: str, svg: str) -> str:
    """Markdown that shows `svg`; `title` is read where a picture cannot be."""
    # What may stand as it is in an address inside markdown and inside an attribute.
    data = quote(svg, safe="=:/',;-+.!*~$&?@")
    return f"![{title}](data:image/svg+xml,{data})"


def drawing(height: int, *parts: str) -> str:
    """On a ground of its own, so that it can be read on a dark page too."""
    return (
        f"<svg xmlns='http://www.w3.org/2000/svg' width='{WIDTH}' height='{height}'"
        f" font-family='sans-serif' font-size='12' style='background:white'>{''.join(parts)}</svg>"
    )


def text(y: int, words: str) -> str:
    return f"<text x='4' y='{y}'>{escape(words)}</text>"


def bars(base: int, values: Sequence[float], colours: Sequence[str]) -> str:
    """One path for the bars of each colour: a stroke as wide as a bar is the shortest way to draw it."""
    step = min(60, WIDTH // len(values))
    wide = step * 2 // 3
    paths: dict[str, str] = {}
    for number, (value, colour) in enumerate(zip(values, colours, strict=True)):
        tall = max(1, round(TALLEST * value / (max(values) or 1)))
        paths[colour] = paths.get(colour, "") + f"M{4 + wide // 2 + step * number},{base}v-{tall}"
    return strokes(paths, wide)


def strokes(paths: Mapping[str, str], wide: int) -> str:
    """`paths` by their colours."""
    return "".join(
        f"<path d='{path}' stroke='{colour}' stroke-width='{wide}'/>" for colour, path in paths.items()
    )


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
