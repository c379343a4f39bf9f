"""Tags by which a run says what it works on. Dagster shows them, so they hold no secret."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from resources.dagster_instance import TARGET_TAG as TARGET
from resources.errors import CommitRefusedError, SettingsError
from resources.redact import inert
from resources.settings import Settings, target_of
from resources.target import Target

if TYPE_CHECKING:
    # Every command imports this file; these would cost each of them 0.1 s.
    from resources.deployment.deployment import Deployment
    from resources.release_source.decide import Launch
    from resources.release_source.pinned import PinnedCommit

COMMIT = "dbsync/commit"
MIGRATIONS = "dbsync/migrations"
ATTEMPT = "dbsync/attempt"
AUTHOR = "dbsync/author"
DEPLOYMENT = "dbsync/deployment"
"""The journal's id of what the run deployed, or undid."""
REWRITTEN = "dbsync/branch-rewritten-after"

__all__ = [
    "ATTEMPT",
    "AUTHOR",
    "COMMIT",
    "DEPLOYMENT",
    "MIGRATIONS",
    "REWRITTEN",
    "TARGET",
    "deployment_tags",
    "launch_tags",
    "pinned_commit",
    "target_tag",
]


def launch_tags(target: Target, launch: Launch, author: str, rewritten: str | None) -> dict[str, str]:
    tags = {
        TARGET: target.name,
        COMMIT: launch.candidate.commit,
        MIGRATIONS: launch.candidate.migrations,
        ATTEMPT: str(launch.attempt),
        AUTHOR: author,
    }
    return tags | ({REWRITTEN: rewritten} if rewritten else {})


def target_tag(settings: Settings) -> dict[str, str]:
    """{} where the settings name no target: every run says why."""
    try:
        return {TARGET: target_of(settings).name}
    except SettingsError:
        return {}


def deployment_tags(deployment: Deployment) -> dict[str, str]:
    """What is known of a run's work once it has begun."""
    tags = {TARGET: deployment.target.name}
    if deployment.id:
        tags[DEPLOYMENT] = deployment.id
    if deployment.commit:
        tags[COMMIT] = deployment.commit.id
        if deployment.commit.author:
            tags[AUTHOR] = inert(deployment.commit.author)
    return tags


def pinned_commit(target: Target, tags: Mapping[str, str], run: str) -> PinnedCommit | None:
    """The commit that a run's tags pin; None where they pin none, as in a run started by hand.

    Raises CommitRefusedError, GitError for tags that no sensor wrote.
    """
    from resources.release_source.pinned import Pin, PinnedCommit

    if MIGRATIONS not in tags:
        return None
    attempt: Any = tags.get(ATTEMPT, "")
    if target.source is None or tags.get(TARGET) != target.name or not attempt.isdigit():
        raise CommitRefusedError(
            "the run's tags pin a commit that is not deployed here",
            where=target.name,
            why=inert(
                f"target {tags.get(TARGET)}, attempt {attempt}, GIT_REPOSITORY "
                f"{'set' if target.source else 'not set'}"
            ),
            hint="nothing; the sensor git_migrations looks again by itself",
        )
    pin = Pin(tags.get(COMMIT, ""), tags[MIGRATIONS], int(attempt), run)
    return PinnedCommit(target, target.source, pin)
