"""The application's figures: one request to its health page, and what PM2 says."""

from __future__ import annotations

from resources.health.application import one_answer
from resources.metrics.pm2 import look_at_pm2
from resources.metrics.sample import Sample
from resources.target import Target


def look_at_application(target: Target, sample: Sample, previous: Sample | None) -> None:
    if target.health_url:
        milliseconds, bad = one_answer(target.health_url)
        sample.figures["http_good"] = int(bad is None)
        sample.figures["http_ms"] = None if milliseconds is None else round(milliseconds, 1)
        if bad is not None:
            sample.texts["last_failure"] = bad
    else:
        sample.unknown(["http_ms", "http_good", "errors_share"], "HEALTH_URL is not set")
    look_at_pm2(target, sample, previous)
