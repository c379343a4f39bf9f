"""The schema version that the graph shows, made the one that is in the database."""

from __future__ import annotations

import dagster as dg

from resources.errors import DbsyncError
from resources.mysql.connection import connect
from resources.prisma.history import read_history, schema_version
from resources.redact import inert, redact
from resources.target import Target

ASSET = dg.AssetKey("applied_schema_version")
_VERSION = "dagster/data_version"


def show_true_version(instance: dg.DagsterInstance, target: Target, because: str) -> str | None:
    """Report the version in the database, unless the graph shows it already; what was reported.

    Where the database cannot be read the graph stays as it is: that is no reason to fail.
    """
    try:
        with connect(target.endpoint, target.database) as connection:
            true = schema_version(read_history(connection, target.database) or [])
    except DbsyncError:
        return None
    shown = instance.get_latest_materialization_event(ASSET)
    event = shown.asset_materialization if shown else None
    if event is None or (event.tags or {}).get(_VERSION) == true:
        return None
    because = inert(redact(because))
    instance.report_runless_asset_event(
        dg.AssetMaterialization(
            ASSET,
            description=because,
            metadata={"version": inert(true), "because": because},
            tags={_VERSION: true},
        )
    )
    return true
