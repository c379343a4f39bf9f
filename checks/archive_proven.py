"""Not a gate: whether the stored files themselves were restored once, or only what they were made from.

It reads the newest backup's standing and costs nothing; the proof is another job's work
(`prove_backup`), so that no release waits for it.
"""

from typing import Any

import dagster as dg

from checks.gate import KEY, deployment_of
from resources.backup.manifest import Manifest, Proof
from resources.backup.standing import standing
from resources.errors import DbsyncError
from resources.redact import inert, redact

ASSET, NAME = "full_backup", "archive_proven"


@dg.asset_check(
    asset=ASSET,
    name=NAME,
    blocking=False,
    required_resource_keys={KEY},
    description="The stored files were unpacked, started and digested equal. Follows a release, delays none.",
)
def archive_proven(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    from resources.backup.verify import newest_backup

    deployment = deployment_of(context)
    try:
        manifest = deployment.backup.manifest if deployment.backup else newest_backup(deployment.target)
    except DbsyncError as error:
        return dg.AssetCheckResult(
            passed=False, severity=dg.AssetCheckSeverity.WARN, description=inert(redact(str(error)))
        )
    return dg.AssetCheckResult(**outcome(manifest, standing(manifest).proof))


def outcome(manifest: Manifest, proof: Proof) -> dict[str, Any]:
    """passed, severity, description and metadata of this check, for a result or an event."""
    good = proof.proven and proof.of == "archive"
    waiting = proof.proven and not good
    text = f"{manifest.id}: {proof.result}"
    if waiting:
        text += f"; its archive is not proven yet: dbsync backups verify {manifest.id}"
    metadata: dict[str, Any] = {"backup": manifest.id}
    if good:
        metadata |= figures(manifest, proof)
    severe = not proof.proven and proof.of
    severity = dg.AssetCheckSeverity.ERROR if severe else dg.AssetCheckSeverity.WARN
    return {
        "passed": good,
        "severity": severity,
        "description": inert(redact(text)),
        "metadata": metadata,
    }


def figures(manifest: Manifest, proof: Proof) -> dict[str, float | int]:
    """Scalars, which Dagster plots. Seconds and bytes."""
    return {
        "restore_seconds": proof.restore_seconds,
        "proof_seconds": proof.seconds,
        "stored_bytes": manifest.size,
        "restored_bytes": manifest.plain_size,
    }
