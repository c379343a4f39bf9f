"""Who is told when something happens, and whether that works."""

from __future__ import annotations

from collections.abc import Iterator

from resources.doctor.check import Patient, check
from resources.doctor.finding import Finding
from resources.notify.heartbeat import failing_channels
from resources.notify.plan import channels_of
from resources.notify.status import undelivered

_HERE = ("http://localhost", "http://127.0.0.1", "http://[::1]")


@check("alerts: channels", "machine")
def alert_channels(patient: Patient) -> Iterator[Finding]:
    name, channels = "alerts: channels", channels_of(patient.target)
    if not channels:
        yield Finding(
            name, "warn", "nobody is told of anything", "set NOTIFY_SLACK or another of docs/alerts.md"
        )
        return
    for one in channels:
        # NOTIFICATION_WEBHOOK has a check of its own.
        if (
            one.service != "webhook"
            and one.address.startswith("http://")
            and not one.address.startswith(_HERE)
        ):
            yield Finding(name, "warn", f"messages to {one.name} go unencrypted", "use an https:// address")
    for one in failing_channels(patient.target):
        yield Finding(name, "warn", f"{one.channel} takes nothing: {one.detail}", "dbsync notify test")
    names = ", ".join(one.name for one in channels)
    yield Finding(name, "ok", f"{names}; prove them with: dbsync notify test")


@check("alerts: outbox", "machine")
def alert_outbox(patient: Patient) -> Iterator[Finding]:
    found = undelivered(patient.target)
    if any(found.values()):
        detail = f"{found['waiting']} messages wait, {found['given_up']} were given up"
        yield Finding("alerts: outbox", "warn", detail, "dbsync notify outbox\ndbsync notify retry")
    else:
        yield Finding("alerts: outbox", "ok", "nothing waits")
