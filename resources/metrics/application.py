"""The application's figures: one request to its health page, and what PM2 says."""

from __future__ import annotations

from resources.health.application import one_answer
from resources.metrics.figures import names_of
from resources.metrics.pm2 import pm2_figures
from resources.metrics.sample import Sample
from resources.target import Target


def look_at_application(target: Target, sample: Sample) -> None:
    if target.health_url:
        milliseconds, bad = one_answer(target.health_url)
        sample.figures["http_good"] = int(bad is None)
        sample.figures["http_ms"] = None if milliseconds is None else round(milliseconds, 1)
        if bad is not None:
            sample.texts["last_failure"] = bad
    else:
        sample.unknown(["http_ms", "http_good", "errors_share"], "HEALTH_URL is not set")
    figures, reason = pm2_figures(target)
    if figures is None:
        sample.unknown([name for name in names_of("application") if name.startswith("pm2_")], reason)
        return
    # Of restarts PM2 knows the sum; what counts is what came since the last look.
    sample.raw["pm2_restarts"] = figures.pop("pm2_restarts")
    sample.figures.update(figures)
