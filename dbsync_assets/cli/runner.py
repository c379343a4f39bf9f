"""Around a command that a GitHub runner started: nothing it prints is a command, and its end is told."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence

from dbsync_assets.cli.outcome import outcome
from dbsync_assets.cli.output import write_nowhere
from dbsync_assets.github.commands import stop_commands
from resources.settings_work import Runner

_SILENT = ("github",)
"""Verbs that speak to the runner themselves."""


def told_to_runner(runner: Runner, arguments: Sequence[str], run: Callable[[], int]) -> int:
    """The runner reads both streams; stderr is used, since stdout may be a JSON document."""
    from dbsync_assets.github.tell import tell

    verb = next((word for word in arguments if not word.startswith("-")), "")
    if verb in _SILENT or not verb:
        return run()
    begin, end = stop_commands()
    _print(begin)
    try:
        code = run()
    finally:
        _print(end)
    for line in tell(runner, verb, code, outcome):
        _print(line)
    return code


def _print(line: str) -> None:
    try:
        print(line, file=sys.stderr, flush=True)
    except OSError:  # the step was killed: nobody reads, and the work goes on
        write_nowhere()
