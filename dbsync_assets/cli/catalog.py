"""`dbsync backups prune|reindex`: what is in the catalog, and what leaves it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from dbsync_assets.cli.context import HERE, Json, Project, deployment_of, load, watching
from dbsync_assets.cli.output import emit_json, say, table
from dbsync_assets.run_job import run_job
from resources.backup.elapsed import elapsed


def register(group: typer.Typer) -> None:
    group.command("prune")(prune)
    group.command("reindex")(reindex)


def prune(
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would go and why; touch nothing.")
    ] = False,
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """Remove old backups by the rules of BACKUP_KEEP…, and say of each why it stays or goes.

    Happens by itself after every backup. Never removes the last proven backups, one that an
    unfinished rollback or restore needs, or any while the newest is damaged or the clock jumped.
    """
    from resources.backup.retention import prune as prune_target

    loaded = load(Path(project))
    if dry_run:
        with watching():
            result = prune_target(loaded.target, dry_run=True).as_dict()
    else:
        with deployment_of(loaded, "change") as deployment:
            run_job("retention", deployment, loaded.settings)
            result = deployment.result
    if as_json:
        emit_json({"ok": True, **result})
    else:
        _show(result)


def _show(result: dict[str, Any]) -> None:
    verdicts = result["backups"]
    table(
        f"{len(verdicts)} backups",
        ["id", "age", "", "because"],
        [
            [one["id"], elapsed(one["age_seconds"]), "kept" if one["kept"] else "removed", one["why"]]
            for one in verdicts
        ],
    )
    if result["refusal"]:
        say(f"nothing is removed: {result['refusal']}", "yellow")
        return
    removed, cleaned = len(result["removed"]), len(result["cleaned"])
    left = f", and {cleaned} leftovers of killed runs" if cleaned else ""
    say(f"{removed} {'would be' if result['dry_run'] else 'were'} removed{left}")


def reindex(project: Project = HERE, as_json: Json = False) -> None:
    """Write the index of backups anew from their manifests alone. Lists do it by themselves when needed."""
    from resources.backup.index import reindex as reindex_storage

    found = reindex_storage(load(Path(project)).target.storage)
    if as_json:
        emit_json(
            {
                "ok": not found.damaged,
                "backups": len(found.entries),
                "damaged": dict(found.damaged),
                "index_before": found.index,
            }
        )
        return
    before = found.problem.removeprefix("was ") or "sound"
    say(f"{len(found.entries)} backups in the index; before, it was {before}")
    for backup_id, why in found.damaged.items():
        say(f"{backup_id} is damaged and not listed: {why}", "yellow")
