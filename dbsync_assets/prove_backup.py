"""The job that restores a stored backup again, as one would in an emergency, and says how long it took.

A run of its own: the proof reads the stored backup alone, and a release does not wait for it.
It fails where the backup does, since a red check alone leaves a run green and nobody looks.
"""

from contextlib import suppress

import dagster as dg
from pydantic import Field

from checks.archive_proven import ASSET, NAME, figures, outcome
from dbsync_assets.deployment_resource import KEY
from dbsync_assets.notice_hook import tell_of_failed_schedule
from resources.backup.catalog import load_manifest
from resources.backup.standing import standing
from resources.backup.verify import newest_backup
from resources.deployment import operations
from resources.deployment.deployment import Deployment
from resources.errors import BackupCorruptError, BackupFailedError, DbsyncError


class ProveConfig(dg.Config):
    backup_id: str = Field("", description="Empty: the newest one.")


@dg.op(name="prove_stored_backup", required_resource_keys={KEY}, out=dg.Out(dict))
def prove_op(context: dg.OpExecutionContext, config: ProveConfig) -> dict:
    deployment: Deployment = getattr(context.resources, KEY)
    try:
        result = operations.prove(deployment, config.backup_id or None)
    except (BackupCorruptError, BackupFailedError):
        with suppress(DbsyncError):  # its manifest may be what is damaged
            _show(context, deployment)
        raise
    _show(context, deployment)
    return result


def _show(context: dg.OpExecutionContext, deployment: Deployment) -> None:
    """The outcome where people look for it: on the asset, and as its check if it is the newest."""
    target = deployment.target
    manifest = load_manifest(target.storage, deployment.result["id"])
    proof = standing(manifest).proof
    found = outcome(manifest, proof)
    if manifest.id == newest_backup(target).id:
        event = dg.AssetCheckEvaluation(
            asset_key=dg.AssetKey(ASSET),
            check_name=NAME,
            passed=found["passed"],
            severity=found["severity"],
            description=found["description"],
            metadata={name: _typed(value) for name, value in found["metadata"].items()},
        )
        context.log_event(event)  # type: ignore[arg-type]  # taken since 1.10, and missing in its annotation
    context.log_event(
        dg.AssetObservation(
            ASSET,
            description=found["description"],
            metadata={"backup": manifest.id, "proven": proof.proven, **figures(manifest, proof)},
        )
    )


def _typed(value: float | int | str) -> dg.MetadataValue:
    if isinstance(value, str):
        return dg.MetadataValue.text(value)
    return dg.MetadataValue.int(value) if isinstance(value, int) else dg.MetadataValue.float(value)


@dg.job(
    name="prove_backup",
    hooks={tell_of_failed_schedule},
    executor_def=dg.in_process_executor,
    description="The newest backup restored into a private server, every row compared, the time recorded.",
)
def prove_backup() -> None:
    prove_op()
