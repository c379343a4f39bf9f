"""How a gate is written: a refusal becomes a failed blocking check with its next command."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import dagster as dg

from resources.deployment.deployment import Deployment
from resources.errors import DbsyncError, UsageError
from resources.redact import inert, redact

KEY = "deployment"
T = TypeVar("T")


def deployment_of(context: dg.AssetCheckExecutionContext) -> Deployment:
    """Raises what stopped it, where nothing may be done."""
    deployment: Deployment = getattr(context.resources, KEY)
    deployment.require_allowed()
    return deployment


def looked(deployment: Deployment, found: T | None, look: Callable[[], T]) -> T | None:
    """What the gate's asset found. Where that is not in a run that only reads, what a look of its own finds:
    such a run may be re-run from its failure. Raises what `look` raises.
    """
    return look() if found is None and deployment.purpose == "read" else found


def unseen(evidence: object, asset: str) -> UsageError | None:
    """A gate that is run alone has seen nothing, and says so instead of passing."""
    if evidence is not None:
        return None
    return UsageError(
        f"nothing was looked at: the asset {asset} is not in this run",
        why="a gate judges what its asset found in the same run",
        hint=f"materialize {asset} with its checks",
    )


def verdict(refusal: DbsyncError | None, passed: str, **figures: float | int | str) -> dg.AssetCheckResult:
    """Passed when there is no refusal. `figures` are scalars, which Dagster plots."""
    if refusal is None:
        return dg.AssetCheckResult(passed=True, description=passed, metadata=figures)
    shown = {
        name: inert(redact(text))
        for name, text in refusal.as_dict().items()
        if isinstance(text, str) and text
    }
    return dg.AssetCheckResult(
        passed=False,
        severity=dg.AssetCheckSeverity.ERROR,
        description=inert(redact(str(refusal))),
        metadata={**figures, **shown},
    )
