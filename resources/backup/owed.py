"""Backups that something unfinished still needs, whatever the rules of retention say."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from resources.journal import DeploymentRecord, Journal

_KINDS = (None, "restores")
"""The journals that name backups: of deployments, and of restores."""


def owed_backups(storage: Path) -> set[str]:
    """Ids named by a rollback or restore that is under way, was interrupted, or waits for a decision.

    Of every target in this storage: the same server may have been named differently then.
    """
    return {
        str(entry.facts["backup_id"])
        for kind in _KINDS
        for entries in [Journal(storage, kind).all()]
        for entry in entries
        if entry.facts.get("backup_id") and (not entry.is_final or _is_half_done(entry, entries))
    }


def _is_half_done(entry: DeploymentRecord, entries: Sequence[DeploymentRecord]) -> bool:
    """Whether it was a restore that was killed behind its swap: the same backup finishes it, unless a
    later restore of the target has come to its end."""
    later = [one for one in entries if one.target == entry.target and one.id > entry.id]
    half = entry.phase == "abandoned" and bool(entry.facts.get("swapped"))
    return half and all(one.phase != "restored" for one in later)
