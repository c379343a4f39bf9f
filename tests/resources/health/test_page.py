"""A health check as a page that a person opens."""

from __future__ import annotations

from datetime import UTC, datetime

from resources.health.page import render_page
from resources.health.status import HealthStatus, Problem

WRONG = Problem("application", "answers <script>alert(1)</script>", "2xx")


def status(**differing) -> HealthStatus:
    figures = {"latency_ms": 0.4, "database_bytes": 17_000_000, "row_lock_waits": None, "error": {"x": 1}}
    parts = {"healthy": True, "database": figures, "application": {}, "system": {}, "problems": []}
    return HealthStatus(**{**parts, "warnings": [], "seconds": 0.5, **differing})


def test_the_page_says_how_it_is_with_every_figure_and_runs_nothing():
    page = render_page(status(), "shop@here", datetime(2026, 11, 26, tzinfo=UTC))
    assert "<h1>Healthy</h1>" in page and "Health of shop@here" in page
    assert "latency_ms" in page and "17000000" in page and "unknown" in page
    page = render_page(status(healthy=False, problems=[WRONG]), "shop@here", datetime.now(UTC))
    assert "<h1>Not healthy</h1>" in page and "&lt;script&gt;" in page and "<script" not in page


def test_numbers_are_what_is_plotted_and_the_application_s_are_told_from_the_database_s():
    found = status(application={"checked": True, "latency_ms": 20, "url": "http://x"})
    assert found.numbers == {"latency_ms": 0.4, "database_bytes": 17_000_000, "application_latency_ms": 20}
