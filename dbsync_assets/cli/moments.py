"""`dbsync restore … --dry-run` and `--private`: they look at the past and change nothing.

They take no lock and start no job: a private server can be had while the target is down.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from dbsync_assets.cli.context import Loaded, watching
from dbsync_assets.cli.output import emit_json, say, size, table

if TYPE_CHECKING:
    from resources.backup.moment.moment import Moment
    from resources.rollback.wish import Wish


def look_before(loaded: Loaded, backup_id: str, wish: Wish, as_json: bool) -> None:
    """What a restore would replay and what the database would lose, or why it would be refused."""
    from resources.mysql.binlog_event import utc_time
    from resources.rollback.restore import preview_restore

    with watching():
        preview = preview_restore(loaded.target, backup_id, wish)
    if as_json:
        emit_json({"ok": True, **preview.as_dict()})
        return
    plan, lost = preview.plan, preview.lost
    run, reached = plan.replayed, plan.as_dict()["reached"]
    span = f"{utc_time(run.first)} to {utc_time(run.last)}" if run.transactions else "nothing"
    say(f"state of       {plan.moment}")
    say(f"full backup    {plan.base.id}")
    say(f"binary logs    {', '.join(plan.sources) or '-'}")
    say(f"replays        {run.transactions:,} transactions, {run.events:,} events, {size(run.size)}")
    say(f"               {span}, in {len(run.files)} files")
    say(f"reaches        {reached['binlog']}  GTIDs {reached['gtids'] or '-'}")
    later = f", {lost.first} to {lost.last}" if lost.transactions else ""
    say(f"would be lost  {lost.transactions:,} transactions of the server{later}")
    if lost.rows:
        rows = [[name, one.inserted, one.updated, one.deleted] for name, one in sorted(lost.rows.items())]
        table(f"rows of `{plan.base.database}`", ["table", "inserted", "updated", "deleted"], rows)
    if lost.statements:
        say(f"               {lost.statements} statements that change the schema")
    for child, parent in sorted(lost.cascades.items()):
        say(f"               perhaps rows of `{child}`, changed by its foreign key to `{parent}`")
    if lost.unknown:
        say(f"not counted    {lost.unknown}")
    for note in plan.notes:
        say(f"note           {note}")


def open_private(loaded: Loaded, backup_id: str, moment: Moment | None, as_json: bool) -> None:
    """A private server that stays, and how to connect to it."""
    from resources.backup.private_servers import leave_running

    with watching():
        left = leave_running(loaded.target, backup_id, moment)
    if as_json:
        emit_json({"ok": True, **left.as_dict()})
        return
    say(f"private server {left.name}: `{left.database}` as of {left.moment}", "green")
    say(f"reached  {left.reached}  GTIDs {left.gtids or '-'}  {left.last_commit}")
    say(f"socket   {left.socket}")
    say(f"connect  {left.connect}")
    say(f"stop     dbsync private stop {left.name}")
