"""The settings of work that runs in a process of its own, and of the GitHub runner that waits for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import Field
from pydantic_settings import BaseSettings

_OF_THE_RUNNER = ("GITHUB_", "ACTIONS_", "RUNNER_", "INPUT_")


class WorkSettings(BaseSettings):
    """Mixed into Settings."""

    detach: str = Field(
        "auto",
        alias="DBSYNC_DETACH",
        description="true: deploy, backup, restore and rollback go on by themselves when the command is "
        "stopped; false: they are undone; auto: true where CI or GITHUB_ACTIONS is set",
        pattern="^(auto|true|false)$",
    )
    deployment: str = Field(
        "",
        alias="DBSYNC_DEPLOYMENT",
        description="the deployment that validate and health speak of: they wait for it, and end with its "
        "exit code where it was not released; the deploy step of a workflow sets it",
    )

    @property
    def detaches(self) -> bool:
        if self.detach == "auto":
            return any(os.environ.get(name, "").lower() in ("1", "true") for name in ("CI", "GITHUB_ACTIONS"))
        return self.detach == "true"


@dataclass(frozen=True)
class Runner:
    """The files by which a GitHub runner is told things; None where it gave none."""

    output: Path | None
    environment: Path | None
    summary: Path | None
    workspace: Path | None
    """Folder of the repository that annotations are relative to."""
    run: str
    """Which run of which workflow this is: only what it began itself is its own to join unasked."""


def github_runner() -> Runner | None:
    """None where no runner started this process."""
    if os.environ.get("GITHUB_ACTIONS") != "true":
        return None
    names = ("GITHUB_OUTPUT", "GITHUB_ENV", "GITHUB_STEP_SUMMARY", "GITHUB_WORKSPACE")
    files = [Path(given) if (given := os.environ.get(name)) else None for name in names]
    run = [os.environ.get(f"GITHUB_{name}", "") for name in ("REPOSITORY", "RUN_ID", "RUN_ATTEMPT")]
    return Runner(*files, run="/".join(run))


def without_runner(environment: dict[str, str]) -> dict[str, str]:
    """What a process that outlives the step is given.

    At the end of a job the runner kills every process whose environment holds its RUNNER_TRACKING_ID.
    """
    return {
        name: text
        for name, text in environment.items()
        if name != "CI" and not name.startswith(_OF_THE_RUNNER)
    }
