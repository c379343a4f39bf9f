"""Who answers for the assets, and which version of their code made what is shown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import dagster as dg

from resources.comma_separated import listed
from resources.settings import VERSION

Asset = dg.AssetsDefinition | dg.AssetSpec
CODE_VERSION = ".".join(VERSION.split(".")[:2])
"""Of dbsync, without the patch: another one may mean something else by an asset, and Dagster then
shows the older ones as stale. After a patch they are not, for nothing would come of a new release."""


def owned(assets: Iterable[Asset], owners: str) -> Sequence[Asset]:
    """The same, with owners (comma-separated, as DBSYNC_OWNER) and code version."""
    names = listed(owners)
    return dg.map_asset_specs(
        lambda spec: spec.replace_attributes(owners=names, code_version=CODE_VERSION), assets
    )
