"""Backups that something unfinished still needs, whatever the rules of retention say."""

from __future__ import annotations

from pathlib import Path

from resources.journal import Journal

_KINDS = (None, "restores")
"""The journals that name backups: of deployments, and of restores."""


def owed_backups(storage: Path) -> set[str]:
    """Ids named by a rollback or restore that is under way, was interrupted, or waits for a decision.

    Of every target in this storage: the same server may have been named differently then.
    """
    return {
        str(entry.facts["backup_id"])
        for kind in _KINDS
        for entry in Journal(storage, kind).all()
        if not entry.is_final and entry.facts.get("backup_id")
    }
