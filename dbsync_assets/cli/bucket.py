"""`dbsync backups upload|fetch`: backups between this machine and the bucket."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from dbsync_assets.cli.context import HERE, Json, Project, load, watching
from dbsync_assets.cli.output import emit_json, say
from resources.errors import UsageError


def register(group: typer.Typer) -> None:
    group.command("upload")(upload)
    group.command("fetch")(fetch)


def upload(project: Project = HERE, as_json: Json = False) -> None:
    """Bring into the bucket what is only here; goes on where an earlier upload stopped."""
    from resources.backup.owed import owed_backups
    from resources.backup.remote.keep import upload_backups

    target = load(Path(project)).target
    if target.remote is None:
        raise UsageError("there is no bucket", where="BACKUP_STORAGE_PATH", hint="BACKUP_STORAGE_PATH=s3://…")
    with watching():
        uploaded = upload_backups(target, owed=owed_backups(target.storage))
    if as_json:
        emit_json({"ok": True, "bucket": str(target.remote), "uploaded": uploaded})
        return
    say(f"{len(uploaded)} backups uploaded to {target.remote} {' '.join(uploaded)}".rstrip())


def fetch(
    backup_id: Annotated[str, typer.Argument(help="Backup id, from `dbsync backups list`.", metavar="ID")],
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """Bring a backup from the bucket to this machine, every byte checked; a damaged copy here gives way."""
    from resources.backup.remote.fetch import sound_backup

    target = load(Path(project)).target
    with watching():
        manifest = sound_backup(target, backup_id)
    if as_json:
        emit_json({"ok": True, **manifest.info.as_dict()})
        return
    say(f"{manifest.id} is in {manifest.file_path}")
