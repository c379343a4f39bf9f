"""A look of the monitoring as Dagster shows it: figures that it plots, and what is wrong."""

from __future__ import annotations

import dagster as dg

from dbsync_assets.report_links import report_link
from resources.metrics.figures import FIGURES
from resources.metrics.monitor import Look
from resources.metrics.page import page_path
from resources.redact import inert, redact
from resources.target import Target


def metrics_metadata(target: Target, look: Look) -> dict[str, dg.MetadataValue]:
    """What is not known is left out: Dagster would plot it as nothing at all."""
    figures = {
        name: dg.MetadataValue.float(float(value))
        for name in FIGURES
        if isinstance(value := look.figures.get(name), (int, float))
    }
    reasons = "; ".join(one.reason for one in look.conditions) or "nothing is wrong"
    return {
        "level": dg.MetadataValue.text(look.level),
        "conditions": dg.MetadataValue.text(inert(redact(reasons))),
        "page": report_link(page_path(target)),
        "path": dg.MetadataValue.path(str(page_path(target))),
        **figures,
    }
