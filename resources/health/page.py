"""A health check as one HTML page: no script, no outside address, every name escaped."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from resources.health.status import HealthStatus, Problem
from resources.html.page import html_page, text
from resources.html.report import write_report
from resources.metrics.figures import FIGURES
from resources.target import Target


def render_page(status: HealthStatus, target: str, at: datetime) -> str:
    """A whole page; `target` and `at` head it."""
    kind = "fail" if not status.healthy else "warn" if status.warnings else "pass"
    headline = {"pass": "Healthy", "warn": "Healthy, with warnings", "fail": "Not healthy"}[kind]
    parts = [
        f'<section class="verdict {kind}"><h1>{headline}</h1>'
        f"<p>{text(target)} · {at:%Y-%m-%d %H:%M:%S} UTC</p></section>",
        _problems("Problems", status.problems),
        _problems("Warnings", status.warnings),
        _figures("Database", status.database),
        _figures("Application", status.application),
        _figures("System", status.system),
        f"<footer>dbsync · {status.seconds:.2f} s</footer>",
    ]
    return html_page(f"Health of {text(target)}", parts)


def write_page(target: Target, status: HealthStatus) -> Path:
    """A page of its own for each check, beside the reports of validation. Raises OSError, DiskFullError."""
    return write_report(target.storage, "health", lambda at: render_page(status, target.name, at))


def _problems(title: str, found: Sequence[Problem]) -> str:
    lines = "".join(f"<li>{text(one)}</li>" for one in found)
    return f'<h2>{title}</h2><ul class="found">{lines}</ul>' if found else ""


def _figures(title: str, figures: Mapping[str, Any]) -> str:
    lines = "".join(
        f"<tr><td>{text(_what(name))}<small>{text(name)}</small></td>"
        f'<td class="number">{text(_shown(name, value))}</td></tr>'
        for name, value in figures.items()
        if not isinstance(value, (dict, list))
    )
    return f'<h2>{title}</h2><div class="card scroll"><table><tbody>{lines}</tbody></table></div>'


def _what(name: str) -> str:
    return FIGURES[name].what if name in FIGURES else ""


def _shown(name: str, value: object) -> str:
    if value is None:
        return "unknown"
    known = name in FIGURES and isinstance(value, (int, float))
    return FIGURES[name].shown(float(value)) if known else str(value)  # type: ignore[arg-type]
