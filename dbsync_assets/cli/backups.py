"""`dbsync backup` and `dbsync backups list|show|verify|prune|reindex`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dbsync_assets.cli import catalog
from dbsync_assets.cli.context import HERE, Json, Project, deployment_of, load, watching
from dbsync_assets.cli.output import emit_json, say, size, table
from dbsync_assets.run_job import run_job

if TYPE_CHECKING:
    from resources.backup.entry import Entry

Id = Annotated[str, typer.Argument(help="Backup id, from `dbsync backups list`.", metavar="ID")]
group = typer.Typer(
    help="List, show, verify and remove stored backups.", no_args_is_help=True, rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    app.command("backup")(backup)
    catalog.register(group)
    app.add_typer(group, name="backups")


def backup(project: Project = HERE, as_json: Json = False) -> None:
    """Make a full backup and prove it by starting it."""
    loaded = load(Path(project))
    with deployment_of(loaded, "change") as deployment:
        deployment.begin_backup()  # the server copies while Dagster is imported, which takes as long
        run_job("backup", deployment, loaded.settings)
        made = deployment.backup
    assert made
    manifest = made.manifest
    if as_json:
        emit_json({"ok": True, **manifest.info.as_dict(), "proof": manifest.proof.as_dict()})
        return
    rows = sum(digest.rows for digest in manifest.tables.values())
    contents = f"{len(manifest.tables)} tables, {rows:,} rows"
    say(f"{manifest.id}  {manifest.engine}, {size(manifest.size)}, {contents}")
    say(f"proven: {manifest.proof.result}")
    say(f"restore with: dbsync restore {manifest.id}")


@group.command("list")
def list_(project: Project = HERE, as_json: Json = False) -> None:
    """Every stored backup, newest last."""
    from resources.backup.index import list_entries

    with watching():  # what is damaged, and an index that was rebuilt
        found = list_entries(load(Path(project)).target.storage)
    if as_json:
        emit_json([listed(entry) for entry in found])
        return
    if not found:
        say("no backups yet; make one with: dbsync backup")
        return
    table(
        f"{len(found)} backups",
        ["id", "engine", "size", "rows", "schema version", "proven"],
        [
            [
                one.id,
                one.engine,
                size(one.size),
                f"{one.rows:,}",
                one.schema_version,
                "yes" if one.current_proof.proven else "NO",
            ]
            for one in found
        ],
    )


def listed(entry: Entry) -> dict[str, Any]:
    """BackupInfo, and what one chooses a backup by."""
    return {
        "id": entry.id,
        "timestamp": entry.timestamp,
        "type": entry.type,
        "size": entry.size,
        "schema_version": entry.schema_version,
        "file_path": entry.file_path,
        "proven": entry.current_proof.proven,
        "engine": entry.engine,
        "parent": entry.parent,
        "database": entry.database,
        "rows": entry.rows,
    }


@group.command("show")
def show(backup_id: Id, project: Project = HERE, as_json: Json = False) -> None:
    """One backup's manifest: position, proof, tables."""
    from resources.backup.catalog import load_manifest

    manifest = load_manifest(load(Path(project)).target.storage, backup_id)
    if as_json:
        emit_json(manifest.as_dict())
        return
    say(f"id              {manifest.id}")
    say(f"made            {manifest.timestamp} by {manifest.engine} ({manifest.engine_reason})")
    say(f"database        {manifest.database}")
    say(f"server          {manifest.server_uuid}, MySQL {manifest.server_version}")
    gtids = manifest.gtid_executed or "-"
    say(f"position        {manifest.binlog_file}:{manifest.binlog_position}  GTIDs {gtids}")
    say(f"schema version  {manifest.schema_version}")
    say(f"stored          {size(manifest.size)} in {len(manifest.files)} files, {manifest.file_path}")
    say(f"proof           {manifest.proof.result}")
    rows = [[name, f"{d.rows:,}", d.checksum] for name, d in manifest.tables.items()]
    table(f"{len(rows)} tables", ["table", "rows", "checksum"], rows)


@group.command("verify")
def verify(backup_id: Id, project: Project = HERE, as_json: Json = False) -> None:
    """Check every stored byte of a backup, then start it and digest its rows again."""
    from resources.backup.verify import verify_backup

    loaded = load(Path(project))
    with watching():
        manifest = verify_backup(loaded.target, backup_id)
    if as_json:
        emit_json({"ok": True, "id": manifest.id, "proof": manifest.proof.as_dict()})
        return
    say(f"{manifest.id} is whole and restores: {manifest.proof.result}", "green")
