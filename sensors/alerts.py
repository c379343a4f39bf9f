"""The sensor that delivers what waits in the outbox, says that all is well, and looks at the backups' age.

Off until DBSYNC_SENSORS or a click switches it on. A tick starts no run, needs no
database, and ends within seconds.
"""

from __future__ import annotations

import json
import threading
import time
from typing import Any

import dagster as dg

from dbsync_assets.project import project_settings
from resources.backup.freshness_event import freshness_event, freshness_unknown
from resources.deployment.untold import tell_untold
from resources.errors import DbsyncError
from resources.notify.announce import announce
from resources.notify.deliver import deliver_due
from resources.notify.delivery import Delivery
from resources.notify.event import Event
from resources.notify.heartbeat import beat
from resources.notify.plan import channels_of
from resources.settings import target_of
from resources.target import Target

INTERVAL = 30
"""Seconds between two ticks, at least."""
_BACKUPS_EVERY = 600.0
_BACKUPS_WITHIN = 5.0
"""Seconds: the server and the bucket may have to be asked, and a tick must stay short."""


def alerts_sensor(status: dg.DefaultSensorStatus) -> dg.SensorDefinition:
    return dg.SensorDefinition(
        name="alerts",
        evaluation_fn=_tick,
        minimum_interval_seconds=INTERVAL,
        default_status=status,
        description="Delivers alerts that wait, says that they can be delivered, tells of backups grown old.",
    )


def _tick(context: dg.SensorEvaluationContext) -> dg.SensorResult:
    try:
        target = target_of(project_settings())
    except DbsyncError as error:
        return _skipped(str(error), context.cursor)
    if not channels_of(target) and not target.notify.heartbeat_url:
        return _skipped(
            "no channel is set, docs/alerts.md shows how: nobody is told of anything", context.cursor
        )
    cursor = _read(context.cursor)
    try:
        done = tell_untold(target) or deliver_due(target, seconds=4.0)
        if not 0 <= time.time() - float(cursor.get("looked", 0)) < _BACKUPS_EVERY:
            cursor["looked"] = time.time()
            done += _look_at_backups(target, cursor)
        done += beat(target, seconds=2.0)
    except (OSError, DbsyncError) as error:
        return _skipped(f"the outbox cannot be used: {error}", json.dumps(cursor))
    return _skipped(_said(done), json.dumps(cursor))


def _look_at_backups(target: Target, cursor: dict[str, Any]) -> list[Delivery]:
    """Tells when the newest proven backup is too old, missing, or failed its proof; and when that is over."""
    found = _within_seconds(target)
    if found is None:
        return []
    before, cursor["backup"] = cursor.get("backup"), found.state
    if found.state == "fresh" and before in (None, "fresh"):
        return []
    return announce(target, found, seconds=2.0)


def _within_seconds(target: Target) -> Event | None:
    """None where it cannot be told in time; the next look tries again."""
    found: list[Event] = []
    failed: list[Exception] = []

    def look() -> None:
        try:
            found.append(freshness_event(target))
        except Exception as error:  # noqa: BLE001 - told below, by the thread that waits
            failed.append(error)

    thread = threading.Thread(target=look, name="backups-age", daemon=True)
    thread.start()
    thread.join(_BACKUPS_WITHIN)
    if failed:
        return freshness_unknown(target, failed[0])
    return found[0] if found else None


def _skipped(text: str, cursor: str | None) -> dg.SensorResult:
    return dg.SensorResult(skip_reason=text, cursor=cursor)


def _said(done: list[Delivery]) -> str:
    failed = [f"{one.channel}: {one.detail}" for one in done if not one.ok]
    if failed:
        return f"{sum(one.ok for one in done)} delivered; not taken: " + "; ".join(failed)
    return f"{len(done)} delivered" if done else "nothing to deliver"


def _read(cursor: str | None) -> dict[str, Any]:
    """{} for a cursor that is lost or of another make: then the backups are looked at anew."""
    try:
        found = json.loads(cursor or "{}")
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


alerts = alerts_sensor(dg.DefaultSensorStatus.STOPPED)
