"""What a person would rather look at: sizes and restore times of the last backups, in one small picture.

Dagster shows markdown of fewer than 1,000 characters in the page and folds the rest away, so
the picture is written in fewer.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from urllib.parse import quote

from resources.backup.entry import Entry

LAST = 16
"""Backups in the picture."""
LONGEST = 999
_WIDTH, _HEIGHT = 540, 160
_BAR = 50
"""Pixels of the tallest one."""
_STORED, _RESTORE, _UNPROVEN = "steelblue", "seagreen", "orange"


def picture(entries: Sequence[Entry]) -> str:
    """Markdown with an inline SVG of the newest full backups in `entries`; empty below two of them."""
    shown = [one for one in entries if one.type == "full"][-LAST:]
    while len(shown) > 1:
        # What may stand as it is in an address inside markdown and inside an attribute.
        data = quote(svg(shown), safe="=:/',;-+.!*~$&?@")
        text = f"![the last backups](data:image/svg+xml,{data})"
        if len(text) <= LONGEST:
            return text
        shown = shown[1:]
    return ""


def svg(shown: Sequence[Entry]) -> str:
    """On a ground of its own, so that it can be read on a dark page too."""
    sizes = [one.size / 1e6 for one in shown]
    seconds = [one.current_proof.restore_seconds for one in shown]
    proven = [one.current_proof.proven for one in shown]
    unproven = "" if all(proven) else f"; {_UNPROVEN}: not proven"
    return "".join(
        [
            f"<svg xmlns='http://www.w3.org/2000/svg' width='{_WIDTH}' height='{_HEIGHT}'"
            " font-family='sans-serif' font-size='12' style='background:white'>",
            _text(14, f"stored MB, up to {_number(max(sizes))}{unproven}"),
            *_bars(70, sizes, proven, _STORED),
            _text(86, f"restore seconds, up to {_number(max(seconds))}"),
            *_bars(142, seconds, proven, _RESTORE),
            _text(156, f"{shown[0].made:%Y-%m-%d %H:%M} to {shown[-1].made:%Y-%m-%d %H:%M} UTC"),
            "</svg>",
        ]
    )


def _bars(base: int, values: Sequence[float], proven: Sequence[bool], color: str) -> list[str]:
    """One path for the bars of each colour: a stroke as wide as a bar is the shortest way to draw it."""
    step = min(60, _WIDTH // len(values))
    wide = step * 2 // 3
    strokes: dict[str, str] = {}
    for number, (value, good) in enumerate(zip(values, proven, strict=True)):
        tall = max(1, round(_BAR * value / (max(values) or 1)))
        paint = color if good else _UNPROVEN
        strokes[paint] = strokes.get(paint, "") + f"M{4 + wide // 2 + step * number},{base}v-{tall}"
    return [f"<path d='{path}' stroke='{paint}' stroke-width='{wide}'/>" for paint, path in strokes.items()]


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def _text(y: int, text: str) -> str:
    return f"<text x='4' y='{y}'>{escape(text)}</text>"
