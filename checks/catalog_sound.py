"""Observation: every stored backup has a sound manifest and all its files, and the index agrees."""

import dagster as dg

from checks.gate import KEY, deployment_of
from checks.observation import Seen, observed
from resources.backup.soundness import soundness
from resources.target import Target


@dg.asset_check(
    asset="full_backup",
    name="catalog_sound",
    required_resource_keys={KEY},
    description="Manifests, lengths of files and the index of all stored backups are as they were written.",
)
def catalog_sound(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    return observed(lambda: look(deployment_of(context).target))


def look(target: Target) -> Seen:
    found = soundness(target.storage)
    wrong = [*found.damaged, *found.not_whole]
    hint = f"dbsync backups verify {wrong[0]}" if wrong else "dbsync backups reindex"
    figures = {
        "backups": found.backups,
        "damaged manifests": len(found.damaged),
        "not whole": len(found.not_whole),
        "leftovers": len(found.leftovers),
    }
    return Seen(found.is_sound, str(found), hint, figures)
