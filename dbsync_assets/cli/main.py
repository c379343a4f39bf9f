"""Runs the command and turns every error into its message and exit code."""

from __future__ import annotations

import os
import signal
import sys
import traceback
from types import FrameType

from typer.exceptions import Abort, Exit, TyperException

from dbsync_assets.cli.invocation import Invocation
from dbsync_assets.cli.outcome import outcome
from dbsync_assets.cli.output import emit_json, safe, show_error, stderr
from dbsync_assets.cli.runner import told_to_runner
from resources import progress
from resources.errors import INTERRUPTED_EXIT_CODE, DbsyncError, UsageError
from resources.redact import redact
from resources.settings_work import github_runner


def main(arguments: list[str] | None = None, *, is_worker: bool = False) -> int:
    """The exit code is the one of `resources/errors.py`; 130 when interrupted."""
    signal.signal(signal.SIGTERM, _interrupt)
    # While one thread imports Dagster, those that copy and compress would wait 5 ms for each of their turns.
    sys.setswitchinterval(0.0005)
    given = sys.argv[1:] if arguments is None else arguments
    runner = github_runner()
    if runner is None:
        return _run(given, is_worker)
    return told_to_runner(runner, given, lambda: _run(given, is_worker))


def _run(given: list[str], is_worker: bool) -> int:
    from dbsync_assets.cli.app import command

    as_json = "--json" in given
    called = Invocation(tuple(given), is_worker)
    progress.circumstances.command = next((word for word in given if not word.startswith("-")), "")
    try:
        done = command().main(args=given, prog_name="dbsync", standalone_mode=False, obj=called)
        return int(done or 0)
    except Exit as stop:
        return stop.exit_code
    except TyperException as error:
        if type(error).__name__ == "NoArgsIsHelpError":  # typer tells it by its name too
            stderr.print(safe(_message(error)))
            return UsageError.exit_code
        return _failed(UsageError(_message(error), hint=f"{_verb(error, given)} --help"), as_json)
    except (KeyboardInterrupt, Abort):
        outcome.error = {"code": "interrupted", "exit_code": INTERRUPTED_EXIT_CODE}
        if as_json:
            emit_json({"ok": False, "error": outcome.error})
        stderr.print("interrupted; `dbsync status` tells what is true now")
        progress.failed("interrupted")
        return INTERRUPTED_EXIT_CODE
    except DbsyncError as error:
        return _failed(error, as_json)
    except Exception as error:  # noqa: BLE001 - the last resort: a message, not a traceback
        if os.environ.get("DBSYNC_DEBUG"):
            stderr.print(safe(traceback.format_exc()))
        return _failed(
            DbsyncError(
                f"an unforeseen error: {type(error).__name__}",
                why=redact(str(error)),
                hint="run again with DBSYNC_DEBUG=1 for the traceback, and report it",
            ),
            as_json,
        )


def _message(error: TyperException) -> str:
    describe = getattr(error, "format_message", None)
    return str(describe()) if describe else str(error)


def _verb(error: TyperException, given: list[str]) -> str:
    """The command whose help tells more; an option's own error does not know it."""
    context = getattr(error, "ctx", None)
    if context is not None:
        return str(context.command_path)
    return f"dbsync {given[0]}" if given and not given[0].startswith("-") else "dbsync"


def _failed(error: DbsyncError, as_json: bool) -> int:
    outcome.fail(error)
    if as_json:
        emit_json({"ok": False, "error": error.as_dict()})
    show_error(error)
    progress.failed(str(error))
    return error.exit_code


def _interrupt(number: int, frame: FrameType | None) -> None:
    # GitHub Actions cancels with SIGINT, then SIGTERM: both must reach the rollback.
    del number, frame
    raise KeyboardInterrupt
