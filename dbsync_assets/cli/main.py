"""Runs the command and turns every error into its message and exit code."""

from __future__ import annotations

import os
import signal
import sys
from types import FrameType

from typer.exceptions import Abort, Exit, TyperException

from dbsync_assets.cli.output import emit_json, show_error, stderr
from resources.errors import INTERRUPTED_EXIT_CODE, DbsyncError, UsageError
from resources.redact import redact


def main(arguments: list[str] | None = None) -> int:
    """The exit code is the one of `resources/errors.py`; 130 when interrupted."""
    from dbsync_assets.cli.app import command

    signal.signal(signal.SIGTERM, _interrupt)
    given = sys.argv[1:] if arguments is None else arguments
    as_json = "--json" in given
    try:
        return int(command().main(args=given, prog_name="dbsync", standalone_mode=False) or 0)
    except Exit as stop:
        return stop.exit_code
    except TyperException as error:
        context = getattr(error, "ctx", None)
        hint = f"{context.command_path} --help" if context else "dbsync --help"
        return _failed(UsageError(_message(error), hint=hint), as_json)
    except (KeyboardInterrupt, Abort):
        if as_json:
            emit_json({"ok": False, "error": {"code": "interrupted", "exit_code": INTERRUPTED_EXIT_CODE}})
        stderr.print("interrupted; `dbsync status` tells what is true now")
        return INTERRUPTED_EXIT_CODE
    except DbsyncError as error:
        return _failed(error, as_json)
    except Exception as error:
        if os.environ.get("DBSYNC_DEBUG"):
            raise
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


def _failed(error: DbsyncError, as_json: bool) -> int:
    if as_json:
        emit_json({"ok": False, "error": error.as_dict()})
    show_error(error)
    return error.exit_code


def _interrupt(number: int, frame: FrameType | None) -> None:
    # GitHub Actions cancels with SIGINT, then SIGTERM: both must reach the rollback.
    del number, frame
    raise KeyboardInterrupt
