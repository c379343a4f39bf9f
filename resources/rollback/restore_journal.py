"""What the journal of restores says: what a killed one had ready, what an ended one keeps."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from resources.journal import DeploymentRecord, Journal
from resources.mysql.connection import Connection
from resources.mysql.digest import TableDigest
from resources.rollback.load_side import LeftBehind
from resources.rollback.side import database_charset, read_plan

RESTORES = "restores"
"""The journal of restores, beside that of deployments."""


def left_behind(
    connection: Connection, journal: Journal, target: str, same: Mapping[str, Any]
) -> LeftBehind | None:
    """What the newest restore of `target` had complete when it ended before its swap.

    `same`: the facts (backup, server, tables …) in which it must be like the one that goes on.
    """
    for entry in reversed(journal.all()):
        if entry.target != target or not entry.reached("restoring"):
            continue
        side, tables = str(entry.facts.get("side", "")), _complete(entry)
        unlike = any(entry.facts.get(name) != fact for name, fact in same.items())
        if entry.phase == "restored" or unlike or not tables:
            return None
        if database_charset(connection, side) is None or read_plan(connection, str(entry.facts["aside"])):
            return None
        return LeftBehind(side, tables)
    return None


def swapped_before(
    connection: Connection, journal: Journal, target: str, same: Mapping[str, Any]
) -> DeploymentRecord | None:
    """The newest restore of `target` that did not come to its end though its tables are in place.

    `same`: the facts in which it must be like the one that may finish it. Its plan lies in the
    database that its fact `aside` names.
    """
    for entry in reversed(journal.all()):
        if entry.target != target or any(entry.facts.get(name) != fact for name, fact in same.items()):
            continue
        if entry.phase == "restored":
            return None
        if entry.reached("restoring") and read_plan(connection, str(entry.facts["aside"])):
            return entry
    return None


def _complete(entry: DeploymentRecord) -> dict[str, TableDigest]:
    """Tables that were proven in the side database; their digests are compared again anyway."""
    found: dict[str, TableDigest] = {}
    for event in entry.events:
        for table, digest in dict(event.get("adopting", {})).items():
            found[table] = TableDigest.from_dict(digest)
        if event.get("step") == "table":
            found[str(event["table"])] = TableDigest.from_dict(event)
    return found


def is_finished(entry: DeploymentRecord, entries: list[DeploymentRecord]) -> bool:
    """Whether a restore, or one of the same target after it, came to its end."""
    return any(
        one.phase == "restored" and one.target == entry.target and one.id >= entry.id for one in entries
    )
