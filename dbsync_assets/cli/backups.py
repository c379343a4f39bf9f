"""`dbsync backup` and `dbsync backups list|show|verify`; more in bucket.py and catalog.py."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from dbsync_assets.cli import bucket, catalog
from dbsync_assets.cli.context import (
    HERE,
    AcceptLossy,
    Json,
    Loaded,
    Project,
    deployment_of,
    load,
    watching,
)
from dbsync_assets.cli.detached import Detach, hand_over
from dbsync_assets.cli.outcome import report
from dbsync_assets.cli.output import emit_json, say, size, table
from dbsync_assets.run_job import run_job
from resources import progress
from resources.backup.proof_choice import CHOICES
from resources.errors import RemoteStorageError, UsageError
from resources.target import Target

if TYPE_CHECKING:
    from resources.backup.entry import Entry
    from resources.backup.manifest import Manifest

Id = Annotated[str, typer.Argument(help="Backup id, from `dbsync backups list`.", metavar="ID")]
group = typer.Typer(
    help="List, show, verify, move and remove stored backups.", no_args_is_help=True, rich_markup_mode=None
)


def register(app: typer.Typer) -> None:
    app.command("backup")(backup)
    catalog.register(group)
    bucket.register(group)
    app.add_typer(group, name="backups")


def backup(
    context: typer.Context,
    incremental: Annotated[
        bool,
        typer.Option(
            "--incremental", help="Store only what changed since the newest backup: its binary logs."
        ),
    ] = False,
    proof: Annotated[
        str,
        typer.Option(
            help="What is restored to prove it: clone, archive or none; auto does as BACKUP_PROOF says.",
            metavar="auto|clone|archive|none",
        ),
    ] = "auto",
    accept_lossy: AcceptLossy = None,
    project: Project = HERE,
    detach: Detach = None,
    as_json: Json = False,
) -> None:
    """Make a full backup and prove it by starting it; or an incremental one that continues the newest."""
    if proof not in CHOICES:
        raise UsageError(f"--proof {proof!r} is not known", hint=f"one of {', '.join(CHOICES)}")
    loaded = load(Path(project), accept_lossy=accept_lossy)
    hand_over(context, loaded, detach=detach, as_json=as_json)
    if incremental:
        _incremental(loaded, as_json)
        return
    with deployment_of(loaded, "change") as deployment:
        deployment.begin_backup()  # the server copies while Dagster is imported, which takes as long
        run_job("backup", deployment, loaded.settings, config={"full_backup": {"proof": proof}})
        made = deployment.backup
    assert made
    manifest = made.manifest
    engine = {"engine": manifest.engine, "engine_reason": manifest.engine_reason}
    report({"ok": True, **manifest.info.as_dict(), **engine, "proof": manifest.proof.as_dict()}, as_json)
    if as_json:
        return
    rows = sum(digest.rows for digest in manifest.tables.values())
    contents = f"{len(manifest.schema.tables)} tables"
    contents += f", {rows:,} rows" if manifest.tables else ", rows not read"
    say(f"{manifest.id}  {manifest.engine}, {size(manifest.size)}, {contents}")
    say(f"engine: {manifest.engine}, because {manifest.engine_reason}")
    if manifest.proof.proven:
        say(f"proven: {manifest.proof.result}")
    else:
        say(f"{manifest.proof.result}; prove it with: dbsync backups verify {manifest.id}", "yellow")
    say(f"restore with: dbsync restore {manifest.id}")


def _incremental(loaded: Loaded, as_json: bool) -> None:
    with deployment_of(loaded, "change") as deployment:
        run_job("incremental_backup", deployment, loaded.settings)
        manifest: Manifest = deployment.result
    assert manifest.span
    span, proof = asdict(manifest.span), manifest.proof.as_dict()
    told = {"ok": True, **manifest.info.as_dict(), "parent": manifest.parent, "span": span, "proof": proof}
    report(told, as_json)
    if as_json:
        return
    say(f"{manifest.id}  binlog, {size(manifest.size)}, continues {manifest.parent}")
    say(f"verified: {manifest.proof.result}")
    say(f"restore its end with: dbsync restore {manifest.id}")


@group.command("list")
def list_(project: Project = HERE, as_json: Json = False) -> None:
    """Every stored backup, newest last."""
    from resources.backup.standing import standing

    target = load(Path(project)).target
    with watching():  # what is damaged, and an index that was rebuilt
        found = _found(target)
    if as_json:
        emit_json([listed(entry) for entry in found])
        return
    if not found:
        say("no backups yet; make one with: dbsync backup")
        return
    table(
        f"{len(found)} backups",
        [
            "id",
            "type",
            "engine",
            "size",
            "rows",
            "schema version",
            "proof",
            "of",
            "at",
            "restore",
            "where",
            "continues",
        ],
        [
            [
                one.id,
                one.type,
                one.engine,
                size(one.size),
                f"{one.rows:,}" if one.tables else "-",
                one.schema_version,
                s.word,
                s.proof.of or "-",
                s.proof.at[:16] or "-",
                _seconds(s.proof.restore_seconds),
                "bucket" if one.file_path.startswith("s3://") else "here",
                one.parent or "-",
            ]
            for one in found
            for s in (standing(one),)
        ],
    )


def _found(target: Target) -> list[Entry]:
    """Where the bucket cannot be asked, what is here is listed all the same."""
    from resources.backup.entry import Entry
    from resources.backup.index import list_entries
    from resources.backup.remote.listing import remote_backups

    here = list_entries(target.storage)
    try:
        remote = remote_backups(target)
    except RemoteStorageError as error:
        progress.say(f"only what is on this machine is listed: {error.what} ({error.why})")
        return here
    known = {one.id for one in here}
    found = [*here, *(Entry.of(one, "") for one in remote if one.id not in known)]
    return sorted(found, key=lambda one: one.id)


def listed(entry: Entry) -> dict[str, Any]:
    """BackupInfo, and what one chooses a backup by."""
    from resources.backup.standing import standing

    found = standing(entry)
    return {
        "id": entry.id,
        "timestamp": entry.timestamp,
        "type": entry.type,
        "size": entry.size,
        "schema_version": entry.schema_version,
        "file_path": entry.file_path,
        "proven": found.proven,
        "proof": found.as_dict(),
        "engine": entry.engine,
        "parent": entry.parent,
        "database": entry.database,
        "rows": entry.rows,
    }


def _seconds(count: float) -> str:
    return f"{count:.1f} s" if count else "-"


@group.command("show")
def show(backup_id: Id, project: Project = HERE, as_json: Json = False) -> None:
    """One backup's manifest: position, proof, tables."""
    from resources.backup.remote.listing import locate
    from resources.backup.standing import later_proofs, proofs_folder, standing

    manifest = locate(load(Path(project)).target, backup_id)
    found = standing(manifest)
    later = later_proofs(proofs_folder(manifest))
    if as_json:
        proofs = {"standing": found.as_dict(), "later_proofs": [proof.as_dict() for proof in later]}
        emit_json(manifest.as_dict() | proofs)
        return
    say(f"id              {manifest.id}")
    say(f"made            {manifest.timestamp} by {manifest.engine} ({manifest.engine_reason})")
    say(f"database        {manifest.database}")
    say(f"server          {manifest.server_uuid}, MySQL {manifest.server_version}")
    gtids = manifest.gtid_executed or "-"
    say(f"position        {manifest.binlog_file}:{manifest.binlog_position}  GTIDs {gtids}")
    say(f"schema version  {manifest.schema_version}")
    say(f"stored          {size(manifest.size)} in {len(manifest.files)} files, {manifest.file_path}")
    say(f"standing        {found.word}", "" if found.proven else "yellow")
    for proof in [manifest.proof, *later]:
        when = f"{proof.at} {proof.of}, restored in {_seconds(proof.restore_seconds)}: " if proof.of else ""
        say(f"proof           {when}{proof.result}")
    for note in manifest.notes:
        say(f"note            {note}")
    if manifest.span:
        span = manifest.span
        say(f"continues       {manifest.parent}")
        say(f"from            {span.start_file}:{span.start_position}  {span.first_event_at or '-'}")
        say(f"to              {span.end_file}:{span.end_position}  {span.last_event_at or '-'}")
        return
    rows = [[name, f"{d.rows:,}", d.checksum] for name, d in manifest.tables.items()]
    table(f"{len(rows)} tables", ["table", "rows", "checksum"], rows)


@group.command("verify")
def verify(
    backup_id: Annotated[
        str, typer.Argument(help="Backup id; default: the newest one.", metavar="[ID]", show_default=False)
    ] = "",
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """Check every stored byte of a backup, then start it and digest its rows again.

    Of an incremental one every event is read, and its chain is followed down to its full backup.

    The outcome is recorded beside the backup, good or bad.
    """
    loaded = load(Path(project))
    with deployment_of(loaded, "read") as deployment:
        config = {"prove_stored_backup": {"backup_id": backup_id}}
        run_job("prove_backup", deployment, loaded.settings, config=config)
        result = deployment.result
    if as_json:
        emit_json({"ok": True, **result})
        return
    proof = result["proof"]
    say(f"{result['id']} is whole and restores: {proof['result']}", "green")
    if proof["restore_seconds"]:
        say(f"a server was up on it after {_seconds(proof['restore_seconds'])}")
