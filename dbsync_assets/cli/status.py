"""`dbsync status`: where the database stands, and what the last deployment left."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import typer

from dbsync_assets.cli.context import HERE, Json, Project, load
from dbsync_assets.cli.outcome import report
from dbsync_assets.cli.output import say, size
from resources.errors import (
    DiskFullError,
    EnvironmentCheckError,
    MigrationFailedError,
    PendingError,
    UnfinishedError,
)

if TYPE_CHECKING:
    from resources.journal import DeploymentRecord


def register(app: typer.Typer) -> None:
    app.command("status")(status)


def status(project: Project = HERE, as_json: Json = False) -> None:
    """Where the database stands. Changes nothing.

    Applied, pending, edited, missing and failed migrations, whether the applied ones run on an
    empty database, the last deployment, and whether the newest proven backup is young enough and
    another one has room. Exit code 0: up to date. 34: migrations are pending. 30: the history is
    not clean. 33: it does not run on an empty database. 35: a killed deployment is not put right
    yet.
    """
    from resources.app.releases import Releases
    from resources.backup.freshness import freshness_anywhere
    from resources.backup.headroom import headroom
    from resources.backup.index import look
    from resources.journal import Journal
    from resources.notify.status import undelivered
    from resources.prisma.status import migration_status
    from resources.rollback.kept import kept_databases
    from resources.rollback.reconcile import unfinished
    from resources.validation.expectation import with_replay

    target = load(Path(project)).target
    found = migration_status(target)
    journal = Journal(target.storage)
    entries = [entry for entry in journal.all() if entry.target == target.name]
    last = entries[-1] if entries else None
    # First: its half-applied migration would be called failed, and there is nothing to resolve by hand.
    refusal = _unfinished(unfinished(target, journal))
    unknown = ""
    if refusal is None:
        try:
            found = with_replay(target, found)
        except (EnvironmentCheckError, DiskFullError, MigrationFailedError, OSError) as error:
            why = getattr(error, "what", error)
            unknown = f"whether the applied migrations run on an empty database is not known: {why}"
        refusal = found.refusal()
    stored = look(target.storage).entries
    fresh, room = freshness_anywhere(target, stored), headroom(target, stored)
    kept, late = kept_databases(target), undelivered(target)
    report(
        {
            "ok": refusal is None,
            **found.as_dict(),
            "not_known": unknown or None,
            "last_deployment": last and last.as_dict(),
            "backups": {
                "newest_proven": fresh.newest and fresh.newest.id,
                "age_seconds": round(fresh.age, 1) if fresh.newest else None,
                "fresh": fresh.is_fresh,
                "room_for": room and room.fits,
            },
            "application": {"current": Releases(target.app).current()} if target.app else None,
            "kept": [one.as_dict() for one in kept],
            "alerts": late,
            "error": refusal and refusal.as_dict(),
        },
        as_json,
    )
    if not as_json:
        say(f"{target.name}: {len(found.applied_names)} applied, {len(found.pending_names)} pending")
        if not found.database_exists:
            say(f"there is no database `{target.database}`; the first deployment makes it", "yellow")
        for name in found.pending_names:
            say(f"  pending  {name}")
        for finding in found.findings:
            accepted = " (accepted)" if finding.accepted else ""
            say(f"  {finding.kind:<8} {finding.migration}: {finding.what}{accepted}")
        if unknown:
            say(f"  {unknown}")
        if last and not last.is_final and last.owner_is_alive:
            say(f"deployment {last.id} is under way: {last.phase}")
        elif last:
            say(f"last deployment {last.id}: {last.phase} ({last.begun_at})")
        else:
            say("no deployment by dbsync yet")
        if target.app:
            say(f"application: release {Releases(target.app).current() or 'none yet'} (dbsync app status)")
        say(f"{'' if fresh.is_fresh else '! '}{fresh}")
        if room and not room.is_enough:
            say(f"! storage: {room}")
        if any(late.values()):
            say(f"! alerts: {late['waiting']} wait, {late['given_up']} given up: dbsync notify outbox")
        for one in kept:
            holds = f"{one.tables} tables, {size(one.bytes)}, since {one.since}"
            way_on = "dbsync restore finish" if one.may_go else one.way_on
            say(f"a restore keeps database `{one.database}` ({one.kind}: {holds}): {way_on}")
    if refusal:
        raise refusal
    if found.pending_names:
        count = len(found.pending_names)
        what = f"{count} migrations are pending" if count > 1 else "1 migration is pending"
        raise PendingError(what, where=target.name, hint="dbsync deploy")


def _unfinished(entries: list[DeploymentRecord]) -> UnfinishedError | None:
    from resources.journal import WAITING_PHASES

    for entry in entries:
        if entry.phase in WAITING_PHASES:
            return UnfinishedError(
                f"deployment {entry.id} failed and its rollback waits for a decision",
                why=str(entry.facts.get("refused") or "it would lose rows that users wrote since"),
                hint=f"dbsync rollback --deployment {entry.id}",
            )
        if not entry.owner_is_alive:
            kind = "the restore" if "aside" in entry.facts else "deployment"
            return UnfinishedError(
                f"{kind} {entry.id} was stopped while `{entry.phase}` and is not put right yet",
                why="status only looks; check, deploy and rollback put it right before anything else",
                hint="dbsync check",
            )
    return None
