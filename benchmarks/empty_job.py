"""The smallest Dagster job there is: what `dbsync deploy` on a small database is measured against."""

import dagster as dg


@dg.asset
def nothing() -> None:
    """Does nothing."""


defs = dg.Definitions(assets=[nothing], jobs=[dg.define_asset_job("empty", selection=[nothing])])
