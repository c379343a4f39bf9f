"""Links to reports in Dagster's metadata.

They name no host and no port: `dbsync ui` serves the reports beside Dagster's own pages, so a link
still leads there after the page was started on another port, and through a tunnel.
"""

from __future__ import annotations

from pathlib import Path

import dagster as dg

AT = "/dbsync"


def report_link(path: Path) -> dg.MetadataValue:
    """To the file `path` in one of the folders that `page.reports` serves, by that folder's name."""
    return dg.MetadataValue.url(f"{AT}/{path.parent.name}/{path.name}")
