"""`dbsync monitor`: what the figures are, what is wrong with them, and since when."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from dbsync_assets.cli.context import HERE, Json, Project, load, watching
from dbsync_assets.cli.output import emit_json, safe, say, stdout
from resources import progress
from resources.errors import DbsyncError, HealthFailedError, UsageError
from resources.target import Target

if TYPE_CHECKING:
    from rich.table import Table

    from resources.metrics.monitor import Look
    from resources.metrics.store import Store

_STYLES = {"OK": "green", "WARN": "yellow", "CRITICAL": "red"}


def register(app: typer.Typer) -> None:
    app.command("monitor")(monitor)


def monitor(
    project: Project = HERE,
    watch: Annotated[bool, typer.Option("--watch", help="Go on each MONITOR_INTERVAL until Ctrl-C.")] = False,
    listen: Annotated[
        str,
        typer.Option(
            help="The same, and answer /metrics (Prometheus) and / (the page) there: 127.0.0.1:9108.",
            metavar="ADDRESS:PORT",
        ),
    ] = "",
    html: Annotated[
        bool, typer.Option("--html", help="Write the page of the status, and say where.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Look at database, application and machine; keep the figures; tell people what changed.

    Exit code 51: something is critical.
    """
    from resources.metrics.endpoint import serve

    if as_json and (watch or listen):
        raise UsageError("--json is one document, and --watch has no end", hint="dbsync monitor --json")
    target = load(Path(project)).target
    if not (watch or listen):
        _once(target, as_json, html)
        return
    endpoint = serve(target, listen) if listen else None
    if endpoint is not None:
        threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    listening = ":".join(map(str, endpoint.server_address[:2])) if endpoint else ""
    try:
        _watch(target, listening)
    except KeyboardInterrupt:
        return  # the way it ends
    finally:
        if endpoint is not None:
            endpoint.shutdown()


def _once(target: Target, as_json: bool, html: bool) -> None:
    from resources.metrics.page import write_page

    with _monitoring(target) as (look_now, store):
        look = look_now()
        page = write_page(target, store) if html else None
    if as_json:
        emit_json({"ok": look.level != "CRITICAL", **look.status().as_dict(), "page": page and str(page)})
    else:
        stdout.print(_table(look))
        if not look.conditions:
            say("nothing is wrong", "green")
        if page:
            say(f"written: {page}")
    if look.level == "CRITICAL":
        raise HealthFailedError(
            "something is critical",
            where=target.name,
            why="; ".join(one.reason for one in look.conditions if one.level == "CRITICAL"),
            hint="put right what is named, then: dbsync monitor",
        )


def _watch(target: Target, listen: str) -> None:
    from rich.live import Live

    with _monitoring(target) as (look_now, _), Live(console=stdout, auto_refresh=False) as live:
        if listen:
            progress.say(f"listening at http://{listen}/ and http://{listen}/metrics")
        due = time.monotonic()
        while True:
            look = _tolerant(look_now)
            if look is not None and stdout.is_terminal:
                live.update(_table(look), refresh=True)
            # A machine that slept is not to look many times at once.
            due = max(due + target.monitoring.interval, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()))


def _tolerant(look_now: Callable[[], Look]) -> Look | None:
    """A monitor that ends because a disk is full tells nobody anything."""
    try:
        return look_now()
    except (sqlite3.Error, OSError, DbsyncError) as error:
        progress.say(f"this look could not be kept: {error}")
        return None


@contextmanager
def _monitoring(target: Target) -> Iterator[tuple[Callable[[], Look], Store]]:
    from resources.metrics.monitor import Monitor
    from resources.metrics.publish import publish
    from resources.metrics.store import opened_store

    with watching(), opened_store(target) as store:
        running = Monitor(target, store)

        def look_now() -> Look:
            look = running.look()
            publish(target, store, look)
            return look

        try:
            yield look_now, store
        finally:
            running.close()


def _table(look: Look) -> Table:
    from rich.table import Table

    from resources.metrics.figures import FIGURES

    shown = Table(title=look.level, title_style=_STYLES[look.level], show_edge=False, pad_edge=False)
    for column in ("area", "figure", "value", ""):
        shown.add_column(column, overflow="fold")
    for figure in FIGURES.values():
        value = look.figures.get(figure.name)
        if isinstance(value, (int, float)):
            shown.add_row(figure.area, safe(figure.what), safe(figure.shown(float(value))), "")
        else:
            shown.add_row(figure.area, safe(figure.what), "unknown", safe(look.reasons.get(figure.name, "")))
    for one in look.conditions:
        shown.add_row(one.area, safe(one.name), one.level, safe(one.reason), style=_STYLES[one.level])
    return shown
