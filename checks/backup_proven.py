"""Gate: the backup was restored once and read back."""

import dagster as dg

from checks.gate import KEY, deployment_of, verdict


@dg.asset_check(
    asset="full_backup",
    name="backup_proven",
    blocking=True,
    required_resource_keys={KEY},
    description="The backup was started as a server and every table counted and digested there.",
)
def backup_proven(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
    deployment = deployment_of(context)
    manifest = deployment.backup.manifest if deployment.backup else None
    figures: dict[str, float | int] = {
        "proof_seconds": round(manifest.proof.seconds, 3) if manifest else 0,
        "restore_seconds": round(manifest.proof.restore_seconds, 3) if manifest else 0,
        "tables": len(manifest.tables) if manifest else 0,
        "rows": sum(digest.rows for digest in manifest.tables.values()) if manifest else 0,
    }
    if manifest and not manifest.proof.proven and deployment.purpose != "deploy":
        # Asked for with BACKUP_PROOF=none; what counts is that no release stands on it.
        return dg.AssetCheckResult(
            passed=False,
            severity=dg.AssetCheckSeverity.WARN,
            description=manifest.proof.result,
            metadata=figures,
        )
    return verdict(deployment.refuse_backup(), manifest.proof.result if manifest else "", **figures)
