"""What a person would rather look at: sizes and restore times of the last backups, in one small picture."""

from __future__ import annotations

from collections.abc import Sequence

from dbsync_assets.picture import LONGEST, bars, drawing, embedded, number, text
from resources.backup.entry import Entry

LAST = 16
"""Backups in the picture."""
_STORED, _RESTORE, _UNPROVEN = "steelblue", "seagreen", "orange"


def picture(entries: Sequence[Entry]) -> str:
    """Markdown with an inline SVG of the newest full backups in `entries`; empty below two of them."""
    shown = [one for one in entries if one.type == "full"][-LAST:]
    while len(shown) > 1:
        drawn = embedded("the last backups", svg(shown))
        if len(drawn) <= LONGEST:
            return drawn
        shown = shown[1:]
    return ""


def svg(shown: Sequence[Entry]) -> str:
    sizes = [one.size / 1e6 for one in shown]
    seconds = [one.current_proof.restore_seconds for one in shown]
    proven = [one.current_proof.proven for one in shown]
    unproven = "" if all(proven) else f"; {_UNPROVEN}: not proven"
    return drawing(
        160,
        text(14, f"stored MB, up to {number(max(sizes))}{unproven}"),
        bars(70, sizes, [_STORED if good else _UNPROVEN for good in proven]),
        text(86, f"restore seconds, up to {number(max(seconds))}"),
        bars(142, seconds, [_RESTORE if good else _UNPROVEN for good in proven]),
        text(156, f"{shown[0].made:%Y-%m-%d %H:%M} to {shown[-1].made:%Y-%m-%d %H:%M} UTC"),
    )
