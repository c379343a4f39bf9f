"""Private servers whose dbsync was killed: found and stopped."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from resources.mysql.process_identity import command_line, processes_with_argument, started_at
from resources.mysql.server_record import PID_FILE, ServerProcess

_PATIENCE = 20.0


def stop_leftovers(parent_folder: Path) -> list[int]:
    """Stop every private server below `parent_folder` that nobody owns any more; their process ids.

    Only processes that name the recorded data folder in their argv are touched, and only
    when the process that started them is gone: another dbsync's work goes on. A server
    that was left running on purpose stays.
    """
    stopped: list[int] = []
    if not parent_folder.is_dir():
        return stopped
    for path in sorted(parent_folder.rglob(PID_FILE)):
        record = ServerProcess.load(path.parent)
        if record is None or record.owner is None or record.owner.is_alive:
            continue
        for pid in processes_with_argument(f"--datadir={record.datadir}"):
            _stop(pid, f"--datadir={record.datadir}")
            stopped.append(pid)
        path.unlink(missing_ok=True)
    return stopped


def _stop(pid: int, argument: str) -> None:
    """SIGTERM, then SIGKILL; each only while the process is still the one that was found."""
    began = started_at(pid)
    for number, patience in ((signal.SIGTERM, _PATIENCE), (signal.SIGKILL, 5.0)):
        if began is None or started_at(pid) != began or argument not in command_line(pid):
            return
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            return
        deadline = time.monotonic() + patience
        while started_at(pid) == began and time.monotonic() < deadline:
            time.sleep(0.05)
