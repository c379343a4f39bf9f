"""The status of a target on one page: no script, no outside address, every name escaped."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from resources.durable_file import write_durably
from resources.health.status import Area
from resources.html.page import html_page, text
from resources.journal import DeploymentRecord, Journal
from resources.metrics.figures import FIGURES, Figure
from resources.metrics.monitor import Look, last_look
from resources.metrics.plot import plot
from resources.metrics.store import Store
from resources.target import Target

_PLOTTED = (
    "threads_connected",
    "threads_running",
    "queries_per_s",
    "slow_queries_per_s",
    "latency_ms",
    "table_lock_waits",
    "row_lock_waits",
    "history_length",
    "buffer_pool_hit_share",
    "replication_lag_s",
    "http_ms",
    "pm2_memory_bytes",
    "load_1",
    "memory_available_bytes",
    "disk_free_bytes",
    "datadir_free_bytes",
)
_HOURS = 24
_RELEASES = 10
_AREAS: tuple[Area, ...] = ("database", "application", "system")
_OWN_STYLE = """
svg.plot { width:100%; height:auto; display:block; }
svg.plot polyline { fill:none; stroke:var(--bar-now); stroke-width:1.5; stroke-linejoin:round; }
svg.plot line { stroke:var(--line); } svg.plot text { fill:var(--soft); font-size:9px; }
.plots { display:grid; grid-template-columns:repeat(auto-fit,minmax(260px,1fr)); gap:.7rem; }
.plots .card { margin:0; padding:.6rem .8rem; }
.plots b { font-size:.85rem; } .plots small { color:var(--soft); }
.badge.OK,.badge.released { color:var(--good); background:var(--good-bg); }
.badge.WARN { color:var(--warn); background:var(--warn-bg); }
.badge.CRITICAL { color:var(--bad); background:var(--bad-bg); }
"""


def render_page(target: Target, store: Store) -> str:
    """A whole page of what is known now; it loads itself anew each minute."""
    look = last_look(target, store)
    parts = [
        _verdict(target, look),
        _conditions(look) if look else "",
        _plots(store, look) if look else "",
        _releases(Journal(target.storage).newest(_RELEASES), target),
        _figures(look) if look else "",
    ]
    title = f"Status of {text(target.name)}"
    return html_page(title, parts, style=_OWN_STYLE, head='<meta http-equiv="refresh" content="60">')


def write_page(target: Target, store: Store) -> Path:
    """`status.html` beside the store. Raises OSError, DiskFullError."""
    path = page_path(target)
    write_durably(path, render_page(target, store).encode())
    return path


def page_path(target: Target) -> Path:
    return target.state / "metrics" / "status.html"


def _verdict(target: Target, look: Look | None) -> str:
    if look is None:
        kind, headline, when = "warn", "Nothing was looked at yet", "dbsync monitor --watch"
    else:
        old = time.time() - look.at > 3 * target.monitoring.interval
        kind = {"OK": "pass", "WARN": "warn", "CRITICAL": "fail"}[look.level]
        kind = "warn" if old and kind == "pass" else kind
        headline = f"{look.level}{', when it was last looked at' if old else ''}"
        when = f"{_stamp(look.at)} UTC"
    return f'<section class="verdict {kind}"><h1>{headline}</h1><p>{text(target.name)} · {when}</p></section>'


def _conditions(look: Look) -> str:
    if not look.conditions:
        return ""
    lines = "".join(
        f'<tr><td><span class="badge {one.level}">{one.level}</span></td><td>{text(one.name)}</td>'
        f"<td>{text(one.reason)}</td><td>since {_stamp(one.since)}</td></tr>"
        for one in look.conditions
    )
    return f'<h2>Conditions</h2><div class="card scroll"><table><tbody>{lines}</tbody></table></div>'


def _plots(store: Store, look: Look) -> str:
    rows = store.series(_PLOTTED, look.at - _HOURS * 3600)
    cards = []
    for number, name in enumerate(_PLOTTED, start=1):
        drawn = plot(FIGURES[name], [(row[0], row[number]) for row in rows])
        if drawn:
            cards.append(f'<div class="card"><b>{text(FIGURES[name].what)}</b>{drawn}</div>')
    return f'<h2>The last {_HOURS} hours</h2><div class="plots">{"".join(cards)}</div>' if cards else ""


def _releases(entries: Sequence[DeploymentRecord], target: Target) -> str:
    ours = [one for one in reversed(entries) if one.target == target.name]
    if not ours:
        return ""
    lines = "".join(
        f'<tr><td><span class="badge {text(one.phase)}">{text(one.phase)}</span></td>'
        f"<td>{text(one.id)}<small>{text(one.facts.get('reason') or '')}</small></td>"
        f"<td>{text(str(one.facts.get('commit') or '')[:12])}</td>"
        f"<td>{text(', '.join(map(str, one.facts.get('applied_migrations') or ())))}</td></tr>"
        for one in ours
    )
    head = "<tr><th></th><th>Deployment</th><th>Commit</th><th>Migrations</th></tr>"
    return (
        f'<h2>The last releases</h2><div class="card scroll"><table><thead>{head}</thead>'
        f"<tbody>{lines}</tbody></table></div>"
    )


def _figures(look: Look) -> str:
    lines = "".join(
        f"<tr><td>{text(figure.what)}<small>{figure.name}</small></td>"
        f'<td class="number">{text(_value(figure, look))}</td></tr>'
        for area in _AREAS
        for figure in FIGURES.values()
        if figure.area == area
    )
    return f'<h2>Figures</h2><div class="card scroll"><table><tbody>{lines}</tbody></table></div>'


def _value(figure: Figure, look: Look) -> str:
    value = look.figures.get(figure.name)
    if isinstance(value, (int, float)):
        return figure.shown(value)
    return f"unknown: {look.reasons.get(figure.name, 'it was not looked for')}"


def _stamp(at: float) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%d %H:%M:%S")
