"""`dbsync notify test|list|outbox|retry|watch`: does telling people work?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dbsync_assets.cli.context import HERE, Json, Project, load, watching
from dbsync_assets.cli.output import emit_json, say, table
from resources.errors import AlertFailedError, AlertsSilentError, SettingsError

if TYPE_CHECKING:
    from resources.notify.waiting import Waiting
    from resources.target import Target

group = typer.Typer(
    help="Prove the channels of alerts, and look at what is waiting.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="notify")


@group.command("test")
def test(project: Project = HERE, as_json: Json = False) -> None:
    """Send a test message to every channel, and say what each answered.

    Exit code 90 where one did not take it.
    """
    from resources.notify.past_outbox import prove_channels

    target = _with_channels(Path(project))
    with watching():
        done = prove_channels(target)
    failed = [one.channel for one in done if not one.ok]
    error = AlertFailedError(
        f"{', '.join(failed)} did not take the test message",
        why="; ".join(one.detail for one in done if not one.ok),
        hint="correct the setting (docs/alerts.md), then: dbsync notify test",
    )
    if as_json:
        channels = [one.as_dict() for one in done]
        emit_json({"ok": not failed, "channels": channels, "error": error.as_dict() if failed else None})
    else:
        for one in done:
            say(f"{'✓' if one.ok else '✗'} {one.channel}: {one.detail}", "" if one.ok else "red")
    if failed:
        raise error


@group.command("list")
def list_(project: Project = HERE, as_json: Json = False) -> None:
    """The channels, what each is told of, and how it did lately."""
    from resources.notify.status import channel_status

    target = load(Path(project)).target
    found = channel_status(target)
    if as_json:
        emit_json([one.as_dict() for one in found])
        return
    if not found:
        say("no channel is set: nobody is told of anything; docs/alerts.md shows how to set one")
        return
    table(
        f"{len(found)} channels",
        ["channel", "told of", "last taken", "waiting", "failing since", "detail"],
        [
            [one.name, one.events, one.last_ok or "-", one.waiting, one.since or "-", one.detail]
            for one in found
        ],
    )
    if target.notify.watchdog:
        say(f"when they fail, {target.notify.watchdog} is told")


@group.command("outbox")
def outbox(project: Project = HERE, as_json: Json = False) -> None:
    """What is waiting to be delivered, and what was given up."""
    from resources.notify.outbox import Outbox

    box = Outbox(load(Path(project)).target.storage)
    waiting = [one for one in box.waiting() if not one.is_final]
    given_up = [one for one in [*box.waiting(), *box.done()] if one.progress == "given_up"]
    if as_json:
        emit_json(
            {
                "waiting": [one.as_dict() for one in waiting],
                "given_up": [one.as_dict() for one in given_up],
            }
        )
        return
    if not waiting and not given_up:
        say("nothing waits, nothing was given up")
        return
    rows = [_row(one) for one in [*waiting, *given_up]]
    columns = ["event", "channel", "kind", "about", "state", "progress", "attempts", "next attempt", "detail"]
    table(f"{len(waiting)} waiting, {len(given_up)} given up", columns, rows)
    say("try all of them now: dbsync notify retry")


def _row(one: Waiting) -> list[object]:
    shown = one.as_dict()
    names = ("event", "channel", "kind", "about", "state", "progress", "attempts", "next_at", "detail")
    return ["-" if shown[name] is None else shown[name] for name in names]


@group.command("retry")
def retry(project: Project = HERE, as_json: Json = False) -> None:
    """Try everything that waits now, and what was given up once more. Exit code 90 where some is left."""
    from resources.notify.deliver import deliver_due
    from resources.notify.outbox import Outbox

    target = _with_channels(Path(project))
    box = Outbox(target.storage)
    count = box.again()
    with watching():
        done = deliver_due(target, seconds=30) if count else []
    left = [one for one in box.waiting() if not one.is_final]
    error = AlertFailedError(
        f"{len(left)} messages were not taken",
        why="; ".join(dict.fromkeys(f"{one.channel}: {one.detail}" for one in left)),
        hint="dbsync notify test shows which channel fails",
    )
    if as_json:
        tried = [one.as_dict() for one in done]
        shown = [one.as_dict() for one in left]
        emit_json({"ok": not left, "tried": tried, "left": shown, "error": error.as_dict() if left else None})
    else:
        say(f"{sum(one.ok for one in done)} delivered, {len(left)} left")
    if left:
        raise error


@group.command("watch")
def watch(
    minutes: Annotated[
        float,
        typer.Option(help="Without a tick of the sensor `alerts` for so long it is called dead.", min=1),
    ] = 10,
    project: Project = HERE,
    as_json: Json = False,
) -> None:
    """Is the sensor `alerts` alive? For cron, on this machine: it needs neither Dagster nor the database.

    Where it is not, NOTIFY_WATCHDOG (else every channel) is told; exit code 91.
    """
    from resources.notify.heartbeat import last_beat, tell_of_silence

    target = _with_channels(Path(project))
    found = last_beat(target)
    silent = not found.ticked or found.silence > minutes * 60
    told = tell_of_silence(target, found) if silent else []
    error = AlertsSilentError(
        "the sensor `alerts` does not run",
        why=f"its last tick was {found.silence:.0f} s ago" if found.ticked else "it has never ticked",
        hint="dbsync ui, and switch the sensor `alerts` on",
    )
    if as_json:
        shown = {"ok": not silent, "silent_seconds": round(found.silence) if found.ticked else None}
        emit_json(
            {**shown, "told": [one.as_dict() for one in told], "error": error.as_dict() if silent else None}
        )
    elif not silent:
        say(f"the sensor `alerts` ticked {found.silence:.0f} s ago")
    if silent:
        raise error


def _with_channels(project: Path) -> Target:
    from resources.notify.plan import channels_of

    target = load(project).target
    if not channels_of(target):
        raise SettingsError(
            "no channel is set: nobody is told of anything",
            hint="set NOTIFY_SLACK, NOTIFY_SMTP or another channel of docs/alerts.md",
        )
    return target
