"""Following a work that another process does: its output as it comes, and its end as one's own."""

from __future__ import annotations

import json
import signal
import sys
import time
from pathlib import Path
from typing import BinaryIO, NoReturn

import typer

from dbsync_assets.cli.context import Loaded, deployment_of
from dbsync_assets.cli.outcome import outcome, report
from dbsync_assets.cli.output import emit_json, note, say, write_nowhere
from dbsync_assets.github.commands import inert_line
from resources.errors import (
    DbsyncError,
    LeftRunningError,
    NotReleasedError,
    RollbackFailedError,
    RollbackRefusedError,
    UnfinishedError,
    WorkKilledError,
    error_of,
)
from resources.journal import DeploymentRecord, Journal
from resources.settings_work import github_runner
from resources.work import Ended, Work

_PAUSE = 0.05
"""Seconds between two looks at the files."""
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def follow(work: Work, *, told: str, as_json: bool) -> Ended | None:
    """Say what is `told`, and show what it writes until it ends; None where it was killed.

    Raises LeftRunningError when this process is to stop, or nobody reads it any more:
    the work goes on.
    """
    outcome.work = work.id
    pipes = [_Pipe(work.stderr, sys.stderr.buffer)]
    if not as_json:
        pipes.append(_Pipe(work.stdout, sys.stdout.buffer))
    before = {one: signal.signal(one, _stop) for one in SIGNALS if signal.getsignal(one) != signal.SIG_IGN}
    try:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)
        note(told)
        while True:
            alive = work.is_alive  # before the look at its end: a process ends behind writing that
            ended = work.ended()
            for pipe in pipes:
                pipe.pass_on(last=bool(ended) or not alive)
            if ended or not alive:
                break
            time.sleep(_PAUSE)
    except (KeyboardInterrupt, OSError, SystemExit) as error:  # rich exits where a pipe is broken
        for one in before:
            signal.signal(one, signal.SIG_IGN)  # what follows is said once, and in full
        if not isinstance(error, KeyboardInterrupt):
            write_nowhere()
        raise LeftRunningError(
            f"work {work.id} ({work.verb}) goes on without this command",
            why="it was stopped" if isinstance(error, KeyboardInterrupt) else f"nobody reads it: {error}",
            hint=f"dbsync join {work.id}; to stop the work and have it undone: kill -TERM {work.pid}",
        ) from error
    for one, handler in before.items():
        signal.signal(one, handler)
    return ended


def end_as(loaded: Loaded, work: Work, ended: Ended | None, *, as_json: bool) -> NoReturn:
    """Exit as the work did; what a killed one had begun is put right first."""
    if ended is None:
        settle(loaded, work, as_json=as_json)
    take_over(ended)
    if as_json:
        emit_json(ended.document)
    raise typer.Exit(ended.exit_code)


def take_over(ended: Ended) -> None:
    """What that process came to is what this one has to tell."""
    outcome.result, outcome.error = ended.result, dict(ended.error) if ended.error else None


def settle(loaded: Loaded, work: Work, *, as_json: bool) -> NoReturn:
    """Of a work that was killed: put right what it had begun, and end with what became of it."""
    note(f"work {work.id} ({work.verb}) was killed; looking at what it had begun")
    with deployment_of(loaded, "read") as deployment:
        deployment.begin()
    entry = begun_by(loaded, work)
    if entry is None:
        told = "\n         ".join(map(str, deployment.reconciled)) or "the database was not changed by it"
        raise WorkKilledError(f"`dbsync {work.verb}` was killed", why=told, hint=f"dbsync {work.verb}")
    end_as_recorded(loaded, entry, killed=True, as_json=as_json)


def begun_by(loaded: Loaded, work: Work) -> DeploymentRecord | None:
    entries = Journal(loaded.target.storage).all()
    return next((one for one in reversed(entries) if any(map(work.wrote, one.events))), None)


def end_as_recorded(loaded: Loaded, entry: DeploymentRecord, *, killed: bool, as_json: bool) -> NoReturn:
    """End with what the journal says of a deployment whose own exit code is not known."""
    if entry.phase == "released":
        report({"ok": True, "deployment": entry.id, "outcome": "released", "target": entry.target}, as_json)
        if not as_json:
            say(f"deployment {entry.id}: released", "bold green")
        raise typer.Exit(0)
    raise error_recorded(loaded, entry, killed=killed)


def error_recorded(loaded: Loaded, entry: DeploymentRecord, *, killed: bool) -> DbsyncError:
    """Why a deployment is not released; the error that it ended with, where it could write that down."""
    record = loaded.target.storage / "releases" / f"{entry.id}.json"
    told = json.loads(record.read_bytes()) if record.is_file() else {}
    if told.get("outcome") == entry.phase and told.get("error"):
        return error_of(told["error"])
    reason = str(entry.facts.get("refused") or entry.facts.get("reason") or "")
    name = f"deployment {entry.id}"
    if entry.phase == "rollback_refused":
        return RollbackRefusedError(
            f"{name} failed and its rollback waits for a decision",
            why=reason,
            hint=f"dbsync rollback --deployment {entry.id}",
        )
    if entry.phase == "rollback_incomplete":
        return RollbackFailedError(f"{name} could not be rolled back", why=reason, hint="dbsync status")
    if not entry.is_final:
        return UnfinishedError(f"{name} is `{entry.phase}` still", why=reason, hint="dbsync status")
    was = "nothing was changed" if entry.phase == "failed" else f"it is `{entry.phase}`"
    if killed:
        return WorkKilledError(f"{name} was killed; {was}", why=reason, hint="dbsync deploy")
    return NotReleasedError(f"{name} is not released; {was}", why=reason, hint="dbsync status")


class _Pipe:
    """A file that grows, and where it is passed on to; whole lines only where a runner reads them."""

    def __init__(self, source: Path, into: BinaryIO) -> None:
        self._source, self._into = source, into
        self._position = 0
        self._rest = b""
        self._for_runner = github_runner() is not None

    def pass_on(self, *, last: bool) -> None:
        with self._source.open("rb") as stream:
            stream.seek(self._position)
            new = stream.read()
        self._position += len(new)
        if self._for_runner:
            whole, end, self._rest = (self._rest + new).rpartition(b"\n")
            new = whole + end
            if last:
                new, self._rest = new + self._rest, b""
            text = new.decode("utf-8", "replace")
            new = "\n".join(map(inert_line, text.split("\n"))).encode()
        if new:
            self._into.write(new)
            self._into.flush()


def _stop(number: int, frame: object) -> NoReturn:
    del number, frame
    raise KeyboardInterrupt
