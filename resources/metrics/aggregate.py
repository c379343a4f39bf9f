"""The looks of a window as one set of figures, fit to be judged."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import fmean

from resources.metrics.sample import Sample

MEANS = frozenset(
    {
        "latency_ms",
        "queries_per_s",
        "slow_queries_per_s",
        "history_length",
        "buffer_pool_hit_share",
        "buffer_pool_reads_per_s",
        "threads_running",
        "http_ms",
        "pm2_cpu_percent",
    }
)
"""Figures that jump about: one look at them says little. Of all others the newest counts."""


def aggregate(window: Sequence[Sample]) -> dict[str, object]:
    """Figures and texts of the newest look, with the means of those in MEANS. `window`: oldest first, not
    empty. What the newest look does not know is not known.
    """
    newest = window[-1]
    found: dict[str, object] = {**newest.figures, **newest.texts}
    for name in MEANS:
        known = [value for one in window if (value := one.figures.get(name)) is not None]
        if newest.figures.get(name) is not None:
            found[name] = round(fmean(known), 5)
    answers = [value for one in window if (value := one.figures.get("http_good")) is not None]
    if newest.figures.get("http_good") is not None:
        found["errors_share"] = round(1 - fmean(answers), 4)
        failures = [one.texts["last_failure"] for one in window if "last_failure" in one.texts]
        found["last_failure"] = failures[-1] if failures else "none"
    return found
