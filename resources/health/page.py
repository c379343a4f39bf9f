"""A health check as one HTML page: no script, no outside address, every name escaped."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from resources.durable_file import write_durably
from resources.health.status import HealthStatus, Problem
from resources.metrics.figures import FIGURES
from resources.redact import inert, redact
from resources.target import Target
from resources.validation.report_style import STYLE

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def render_page(status: HealthStatus, target: str, at: datetime) -> str:
    """A whole page; `target` and `at` head it."""
    kind = "fail" if not status.healthy else "warn" if status.warnings else "pass"
    headline = {"pass": "Healthy", "warn": "Healthy, with warnings", "fail": "Not healthy"}[kind]
    parts = [
        f'<section class="verdict {kind}"><h1>{headline}</h1>'
        f"<p>{_text(target)} · {at:%Y-%m-%d %H:%M:%S} UTC</p></section>",
        _problems("Problems", status.problems),
        _problems("Warnings", status.warnings),
        _figures("Database", status.database),
        _figures("Application", status.application),
        _figures("System", status.system),
        f"<footer>dbsync · {status.seconds:.2f} s</footer>",
    ]
    return redact(
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>Health of {_text(target)}</title><style>{STYLE}</style></head>"
        f"<body><main>{''.join(parts)}</main></body></html>"
    )


def write_page(target: Target, status: HealthStatus) -> Path:
    """A page of its own for each check, beside the reports of validation. Raises OSError, DiskFullError."""
    now = datetime.now(UTC)
    folder = target.storage / "reports"
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / f"health-{now:%Y%m%dT%H%M%SZ}-{secrets.token_hex(4)}.html"
    write_durably(path, render_page(status, target.name, now).encode())
    return path


def _text(value: object) -> str:
    return escape(inert(str(value)))


def _problems(title: str, found: Sequence[Problem]) -> str:
    lines = "".join(f"<li>{_text(one)}</li>" for one in found)
    return f'<h2>{title}</h2><ul class="found">{lines}</ul>' if found else ""


def _figures(title: str, figures: Mapping[str, Any]) -> str:
    lines = "".join(
        f"<tr><td>{_text(_what(name))}<small>{_text(name)}</small></td>"
        f'<td class="number">{_text(_shown(name, value))}</td></tr>'
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
