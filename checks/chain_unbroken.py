"""Whether the newest incremental backup still stands on an unbroken chain down to a full one.

It blocks nothing: what is broken is the way to moments of the past, which a full backup begins anew.
"""

from functools import partial

import dagster as dg

from checks.gate import KEY, deployment_of, verdict
from resources.backup.incremental.chain import Chain, newest_chain
from resources.backup.remote.listing import locate
from resources.errors import DbsyncError


@dg.asset_check(
    asset="incremental_backup",
    name="chain_unbroken",
    required_resource_keys={KEY},
    description="Every backup below the newest incremental one is whole, and ends where the next begins.",
)
def chain_unbroken(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    target = deployment_of(context).target
    chain: Chain | None = None
    refusal: DbsyncError | None = None
    try:
        chain = newest_chain(target.storage, target.database, partial(locate, target))
    except DbsyncError as error:
        refusal = error
    return verdict(
        refusal,
        f"unbroken since {chain.full.id}" if chain else "there is no incremental backup yet",
        increments=len(chain.increments) if chain else 0,
        size=sum(backup.size for backup in chain.increments) if chain else 0,
    )
