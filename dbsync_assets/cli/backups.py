"""`dbsync backup` and `dbsync backups list|show|verify|upload|fetch`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dbsync_assets.cli.context import HERE, Json, Project, deployment_of, load, watching
from dbsync_assets.cli.output import emit_json, say, size, table
from dbsync_assets.run_job import run_job
from resources import progress
from resources.errors import RemoteStorageError, UsageError
from resources.target import Target

if TYPE_CHECKING:
    from resources.backup.manifest import Manifest

Id = Annotated[str, typer.Argument(help="Backup id, from `dbsync backups list`.", metavar="ID")]
group = typer.Typer(
    help="List, show, verify, upload and fetch stored backups.", no_args_is_help=True, rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    app.command("backup")(backup)
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
    target = load(Path(project)).target
    with watching():
        found = _listed(target)
    if as_json:
        emit_json([m.info.as_dict() | {"proven": m.proof.proven, "engine": m.engine} for m in found])
        return
    if not found:
        say("no backups yet; make one with: dbsync backup")
        return
    table(
        f"{len(found)} backups",
        ["id", "engine", "size", "rows", "schema version", "proven", "where"],
        [
            [
                m.id,
                m.engine,
                size(m.size),
                f"{sum(d.rows for d in m.tables.values()):,}",
                m.schema_version,
                "yes" if m.proof.proven else "NO",
                "bucket" if m.file_path.startswith("s3://") else "here",
            ]
            for m in found
        ],
    )


def _listed(target: Target) -> list[Manifest]:
    """Where the bucket cannot be asked, what is here is listed all the same."""
    from resources.backup.catalog import list_backups
    from resources.backup.remote.listing import all_backups

    try:
        return all_backups(target)
    except RemoteStorageError as error:
        progress.say(f"only what is on this machine is listed: {error.what} ({error.why})")
        return list_backups(target.storage)


@group.command("show")
def show(backup_id: Id, project: Project = HERE, as_json: Json = False) -> None:
    """One backup's manifest: position, proof, tables."""
    from resources.backup.remote.listing import locate

    manifest = locate(load(Path(project)).target, backup_id)
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


@group.command("upload")
def upload(project: Project = HERE, as_json: Json = False) -> None:
    """Bring into the bucket what is only here; goes on where an earlier upload stopped."""
    from resources.backup.remote.keep import upload_backups

    target = load(Path(project)).target
    if target.remote is None:
        raise UsageError("there is no bucket", where="BACKUP_STORAGE_PATH", hint="BACKUP_STORAGE_PATH=s3://…")
    with watching():
        uploaded = upload_backups(target)
    if as_json:
        emit_json({"ok": True, "bucket": str(target.remote), "uploaded": uploaded})
        return
    say(f"{len(uploaded)} backups uploaded to {target.remote} {' '.join(uploaded)}".rstrip())


@group.command("fetch")
def fetch(backup_id: Id, project: Project = HERE, as_json: Json = False) -> None:
    """Bring a backup from the bucket to this machine, every byte checked."""
    from resources.backup.remote.fetch import fetch_backup

    target = load(Path(project)).target
    with watching():
        manifest = fetch_backup(target, backup_id)
    if as_json:
        emit_json({"ok": True, **manifest.info.as_dict()})
        return
    say(f"{manifest.id} is in {manifest.file_path}")
