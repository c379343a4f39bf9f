"""How an observation is written: a check that warns, and stops nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import dagster as dg

from checks.gate import KEY, deployment_of
from resources.redact import inert, redact
from resources.target import Target


@dataclass(frozen=True)
class Seen:
    good: bool
    text: str
    hint: str = ""
    """The next command to type when it is not good."""
    figures: Mapping[str, float | int | str] = field(default_factory=dict)
    """Scalars, which Dagster plots."""


def observation(name: str, look: Callable[[Target], Seen], description: str) -> dg.AssetChecksDefinition:
    """A check on `full_backup` that looks at the target of the run."""

    @dg.asset_check(asset="full_backup", name=name, required_resource_keys={KEY}, description=description)
    def check(context: dg.AssetCheckExecutionContext) -> dg.AssetCheckResult:
        return observed(lambda: look(deployment_of(context).target))

    return check


def observed(look: Callable[[], Seen]) -> dg.AssetCheckResult:
    """A warning where it is not good, or could not be looked at.

    It raises nothing: in a deployment an error after the migrations began would take a good
    release back, because a disk of backups could not be read.
    """
    try:
        seen = look()
    except Exception as error:  # noqa: BLE001
        seen = Seen(False, f"could not be looked at: {error}", "dbsync doctor")
    hint = {"hint": seen.hint} if seen.hint and not seen.good else {}
    return dg.AssetCheckResult(
        passed=seen.good,
        severity=dg.AssetCheckSeverity.WARN,
        description=inert(redact(seen.text)),
        metadata={**seen.figures, **hint},
    )
