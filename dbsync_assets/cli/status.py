"""`dbsync status`: where the database stands, and what the last deployment left."""

from __future__ import annotations

from pathlib import Path

import typer

from dbsync_assets.cli.context import HERE, Json, Project, load
from dbsync_assets.cli.output import emit_json, say
from resources.errors import PendingError


def register(app: typer.Typer) -> None:
    app.command("status")(status)


def status(project: Project = HERE, as_json: Json = False) -> None:
    """Applied, pending, edited, missing and failed migrations; the last deployment. Changes nothing.

    Exit code 0: up to date. 34: migrations are pending. 30: the history is not clean.
    """
    from resources.journal import Journal
    from resources.prisma.status import migration_status

    target = load(Path(project)).target
    found = migration_status(target)
    entries = [entry for entry in Journal(target.storage).all() if entry.target == target.name]
    last = entries[-1] if entries else None
    refusal = found.refusal()
    if as_json:
        error = refusal.as_dict() if refusal else None
        emit_json(
            {
                "ok": refusal is None,
                **found.as_dict(),
                "last_deployment": last and last.as_dict(),
                "error": error,
            }
        )
    else:
        say(f"{target.name}: {len(found.applied_names)} applied, {len(found.pending_names)} pending")
        for name in found.pending_names:
            say(f"  pending  {name}")
        for finding in found.findings:
            say(f"  {finding.kind:<8} {finding.migration}: {finding.what}")
        if last:
            say(f"last deployment {last.id}: {last.phase} ({last.begun_at})")
        else:
            say("no deployment by dbsync yet")
    if refusal:
        raise refusal
    if found.pending_names:
        raise PendingError(f"{len(found.pending_names)} migrations are pending", hint="dbsync deploy")
